"""A candidate's personal link: switched off, replaced, mailed; and changes that wait."""
