package io.adapt4j.rag.tune;

import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.DatasetException;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.internal.AtomicFiles;
import io.adapt4j.core.internal.WriteFailure;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.EnumMap;
import java.util.Map;

/**
 * Training rows of a {@link Raft}.
 *
 * <p>Each row is a conversation and has the fields question, kind, document (the id of the gold
 * passage's document, to split by; empty if there is none), gold (the id of its chunk) and sources
 * (the ids of the chunks shown, in order).
 *
 * @param dataset the rows
 * @param kinds number of rows of each kind
 * @param rejected number of questions without a row, by reason
 * @param provenance origin of the rows as JSON: index, documents with their content hashes,
 *     settings, and these numbers
 */
public record RaftRows(
    Dataset dataset,
    Map<Kind, Integer> kinds,
    Map<Rejection, Integer> rejected,
    String provenance) {

  /** Suffix of the file with the provenance. */
  public static final String PROVENANCE = ".provenance.json";

  private static final String[] FIELDS = {"question", "kind", "document", "gold", "sources"};

  /** Kind of a row. */
  public enum Kind {
    /** The gold passage is among the sources, and the answer cites it. */
    GOLD,
    /** The gold passage is left out, and the answer is the refusal. */
    WITHOUT_GOLD,
    /** The documents do not answer the question, and the answer is the refusal. */
    NOT_IN_DOCUMENTS
  }

  /** Reason why a question gave no row. */
  public enum Rejection {
    /** No chunk has the passage, or the answer's words. */
    GOLD_NOT_FOUND,
    /** The index has no other passage to show. */
    NO_DISTRACTOR,
    /** The gold passage does not fit into the generator's context. */
    NO_ROOM,
    /**
     * The answer would not pass the checks of answers: it has other numbers in brackets, or quotes.
     */
    FAILS_CHECKS
  }

  /** Copies the maps. */
  public RaftRows {
    kinds = Collections.unmodifiableMap(new EnumMap<>(kinds));
    rejected = Collections.unmodifiableMap(new EnumMap<>(rejected));
  }

  /**
   * Writes the rows as {@link Datasets#write} does, and their provenance to a second file.
   *
   * @param file the file to create or replace; the provenance is added to its name, with {@value
   *     #PROVENANCE}
   * @throws DatasetException if a file cannot be written
   */
  public void write(Path file) {
    Path beside = file.resolveSibling(file.getFileName() + PROVENANCE);
    Datasets.write(dataset, file, FIELDS);
    try {
      AtomicFiles.writeText(beside, provenance + "\n");
    } catch (IOException e) {
      throw new DatasetException(
          "Writing " + beside + " failed: " + WriteFailure.explain(beside, e) + ".", e);
    }
  }
}
