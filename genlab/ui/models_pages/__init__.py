"""The parts of the Models page: all cards, one card, its neighbours, rankings, data sets."""
