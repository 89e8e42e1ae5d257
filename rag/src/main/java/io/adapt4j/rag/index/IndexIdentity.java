package io.adapt4j.rag.index;

import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Settings recorded in an index, which must match on opening. */
record IndexIdentity(String embeddings, int dimension, String words) {

  static final String FORMAT = "1";

  private static final String FORMAT_KEY = "adapt4j.format";
  private static final String EMBEDDINGS_KEY = "adapt4j.embeddings";
  private static final String DIMENSION_KEY = "adapt4j.dimension";
  private static final String WORDS_KEY = "adapt4j.words";

  Map<String, String> asMap() {
    return Map.of(
        FORMAT_KEY, FORMAT,
        EMBEDDINGS_KEY, embeddings,
        DIMENSION_KEY, Integer.toString(dimension),
        WORDS_KEY, words);
  }

  /** Compares recorded with requested settings. */
  void check(String where, Map<String, String> recorded) {
    String format = recorded.get(FORMAT_KEY);
    if (format == null) {
      throw new IllegalStateException(
          where + ": holds an index that is not Adapt4J's; name another place for this one");
    }
    if (!format.equals(FORMAT)) {
      throw new IllegalStateException(
          ("%s: holds an index of format %s, this version reads format %s; delete it and index"
                  + " the documents again, or use the version that wrote it")
              .formatted(where, format, FORMAT));
    }
    checkEmbeddings(where, recorded);
    String cut = Objects.requireNonNull(recorded.get(WORDS_KEY), WORDS_KEY);
    if (!cut.equals(words)) {
      throw new IllegalStateException(
          ("%s: its words were cut by '%s', asked for is '%s'; open it with the former, or"
                  + " delete it and index the documents again")
              .formatted(where, cut, words));
    }
  }

  private void checkEmbeddings(String where, Map<String, String> recorded) {
    String entries = Objects.requireNonNull(recorded.get(DIMENSION_KEY), DIMENSION_KEY);
    String there = vectors(recorded.get(EMBEDDINGS_KEY), entries);
    String asked = vectors(embeddings, Integer.toString(dimension));
    if (!there.equals(asked)) {
      throw new IllegalStateException(
          ("%s: holds %s, asked for are %s; open it with the former's model, or delete it and"
                  + " index the documents again")
              .formatted(where, there, asked));
    }
  }

  private static String vectors(@Nullable String embeddings, String dimension) {
    return dimension.equals("0")
        ? "words without vectors"
        : "vectors of '" + embeddings + "' with " + dimension + " entries";
  }
}
