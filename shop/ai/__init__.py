"""The AI service: trained models with versions, served over HTTP."""
