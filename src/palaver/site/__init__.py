"""The pages of the installation itself: start, contact, about, the authority's certificate; and how pages look."""
