"""Operations: RequestCertificate, ImportCertificate and the others, with their validation."""
