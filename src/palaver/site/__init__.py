"""The pages of the installation itself: start, contact, about, the local authority's certificate; and how pages look."""
