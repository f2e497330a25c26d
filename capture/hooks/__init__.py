"""What other systems post to us, in whatever shape: received, kept, mapped, taken. ``receiving`` stores a
post, ``inbox`` works through what is stored, ``mapping`` says what it means, ``taking`` writes that down."""
