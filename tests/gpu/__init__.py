"""What only a GPU can show, by ``make gpu-check``; without one, the CPU beside itself.

Without a GPU these tests say that what they compare is comparable, not more.
"""
