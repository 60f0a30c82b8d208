"""Elections, their ballots and the parties that stand."""
