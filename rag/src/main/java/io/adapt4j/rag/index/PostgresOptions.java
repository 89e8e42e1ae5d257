package io.adapt4j.rag.index;

/**
 * Options collected by {@link PostgresIndex.Builder}. The schema's name is safe inside statements.
 */
record PostgresOptions(
    String schema,
    String embeddings,
    int dimension,
    Language language,
    int links,
    int buildBeam,
    int searchBeam,
    double k1,
    double b) {

  String name() {
    return "index in schema " + schema;
  }

  IndexIdentity identity() {
    return new IndexIdentity(embeddings, dimension, language.name());
  }

  /** Returns the server's text search configuration for the language. */
  String textSearch() {
    return switch (language) {
      case ENGLISH -> "pg_catalog.english";
      case GERMAN -> "pg_catalog.german";
      case FRENCH -> "pg_catalog.french";
      case SPANISH -> "pg_catalog.spanish";
      case ITALIAN -> "pg_catalog.italian";
      case PORTUGUESE -> "pg_catalog.portuguese";
      case DUTCH -> "pg_catalog.dutch";
      case ANY -> "pg_catalog.simple";
    };
  }
}
