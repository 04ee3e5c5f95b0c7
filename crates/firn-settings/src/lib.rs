//! Every setting declared once with its documentation, and the values with their origin.
