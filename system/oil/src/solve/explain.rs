//! Why a package was chosen or refused.
