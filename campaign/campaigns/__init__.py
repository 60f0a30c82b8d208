"""Campaigns: their asks, evidence, imprint and words; one installation hosts several."""
