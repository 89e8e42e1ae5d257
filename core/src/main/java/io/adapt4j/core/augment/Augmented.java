package io.adapt4j.core.augment;

import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.DatasetException;
import io.adapt4j.core.data.Datasets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A dataset with the rows that were made of it.
 *
 * <p>Its rows have the fields ({@link Dataset#source}) {@value #SOURCE}, which names the row they
 * were made of, and {@value #PARAPHRASE}, their number among those of that row; originals, where
 * they are kept, have the number 0. {@code Splitter.of(augmented.dataset()).groupBy("source")}
 * keeps all paraphrases of one row in one part.
 *
 * @param dataset the rows, those made of one row after each other
 * @param keptFields further fields that were taken over from the rows' sources
 * @param report what was made and rejected
 */
public record Augmented(Dataset dataset, List<String> keptFields, AugmentationReport report) {

  /** The field that names the row that a row was made of. */
  public static final String SOURCE = "source";

  /** The field with the number of a row among those made of one. */
  public static final String PARAPHRASE = "paraphrase";

  /**
   * Creates a result.
   *
   * @param dataset the rows
   * @param keptFields further fields that were taken over, copied
   * @param report what was made and rejected
   */
  public Augmented {
    keptFields = List.copyOf(keptFields);
  }

  /**
   * Writes the rows with their fields as {@link Datasets#write} does.
   *
   * @param file the file to create or replace
   * @throws DatasetException if it cannot be written
   */
  public void write(Path file) {
    List<String> fields = new ArrayList<>(List.of(SOURCE, PARAPHRASE));
    fields.addAll(keptFields);
    Datasets.write(dataset, file, fields.toArray(String[]::new));
  }
}
