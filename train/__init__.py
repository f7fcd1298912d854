"""Makes the checkpoints. Imports everything but `genlab.ui`, and runs without gradio."""
