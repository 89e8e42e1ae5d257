package io.adapt4j.studio.internal.data;

import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.DatasetException;
import io.adapt4j.core.data.DatasetReader;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.data.FileDataset;
import io.adapt4j.core.data.Row;
import io.adapt4j.core.data.Shape;
import io.adapt4j.studio.internal.store.Source;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Opens the rows of a source. */
public final class SourceRows {

  /** Files of a folder that hold rows. */
  public static final String FILES = "**.{jsonl,ndjson,json,csv,tsv,tab,parquet}{,.gz}";

  /** Longest text of a field that is shown. */
  private static final int SHOWN = 4000;

  private SourceRows() {}

  /** Opens the rows as training reads them; malformed ones are left out. */
  public static FileDataset open(Source source) {
    DatasetReader reader = reader(source);
    if (!source.shape().isEmpty()) {
      reader.shape(Shape.valueOf(source.shape()));
    }
    source.map().forEach(reader::map);
    return reader.open();
  }

  /** Opens the rows with their fields only, whatever these are. */
  public static FileDataset openFields(Source source) {
    return reader(source).map(row -> new Example.Text("row")).open();
  }

  /**
   * Writes rows with the unused fields that all of them have, such as a customer's name, unless the
   * file would then be read as rows of another shape.
   */
  public static void write(FileDataset all, Dataset rows, Path file) {
    List<String> kept = new ArrayList<>(all.unusedFields());
    for (int row = 0; row < rows.size() && !kept.isEmpty(); row++) {
      kept.retainAll(rows.source(row).map(Row::fields).orElse(Set.of()));
    }
    if (!kept.isEmpty() && rows.size() > 0) {
      try {
        Datasets.write(rows, file, kept.toArray(String[]::new));
        if (Datasets.read(file).open().get(0).equals(rows.get(0))) {
          return;
        }
      } catch (DatasetException e) {
        // Written again without the fields.
      }
    }
    Datasets.write(rows, file);
  }

  private static DatasetReader reader(Source source) {
    DatasetReader reader = Datasets.read(source.path()).skipMalformed();
    if (Files.isDirectory(source.path())) {
      reader.files(FILES);
    }
    if (!source.delimiter().isEmpty()) {
      reader.delimiter(source.delimiter().charAt(0));
    }
    return reader;
  }

  /** Returns the fields of a row of the file as texts to show. */
  public static Map<String, String> fields(Dataset rows, int row) {
    Map<String, String> fields = new LinkedHashMap<>();
    rows.source(row)
        .ifPresentOrElse(
            source -> source.fields().forEach(name -> fields.put(name, text(source, name))),
            () -> fields.put("row", shortened(rows.get(row).toString())));
    return fields;
  }

  private static String text(Row row, String name) {
    @Nullable Object value = row.value(name);
    return value == null ? "" : shortened(value.toString());
  }

  private static String shortened(String text) {
    return text.length() <= SHOWN ? text : text.substring(0, SHOWN) + " …";
  }
}
