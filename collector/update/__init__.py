"""Updates a gateway by itself: two slots, the hospital's window, no case open, a health gate, and the way back."""
