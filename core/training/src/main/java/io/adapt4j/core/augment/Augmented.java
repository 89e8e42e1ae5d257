package io.adapt4j.core.augment;

import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.DatasetException;
import io.adapt4j.core.data.Datasets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * An augmented dataset.
 *
 * <p>Its rows have the fields ({@link Dataset#source}) {@value #SOURCE}, which identifies the
 * original row, and {@value #PARAPHRASE}, their number within that row; originals, if included,
 * have the number 0. {@code Splitter.of(augmented.dataset()).groupBy("source")} keeps all
 * paraphrases of a row in one part.
 *
 * @param dataset the rows, grouped by original row
 * @param keptFields further fields that were copied from the rows' sources
 * @param report statistics of generated and rejected rows
 */
public record Augmented(Dataset dataset, List<String> keptFields, AugmentationReport report) {

  /** Name of the field with the id of the original row. */
  public static final String SOURCE = "source";

  /** Name of the field with the number of a paraphrase within its original row. */
  public static final String PARAPHRASE = "paraphrase";

  /** Creates a result. */
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
