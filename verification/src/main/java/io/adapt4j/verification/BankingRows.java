package io.adapt4j.verification;

import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.data.Shape;
import io.adapt4j.core.data.Split;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** BANKING77 with 26 training rows per class: a new classifier must learn 77 classes. */
final class BankingRows {

  private static final int ROWS_A_CLASS = 26;
  private static final int HELD_ROWS_A_CLASS = 9;

  private BankingRows() {}

  static Split split(Path shared) {
    Dataset rows =
        Datasets.read(shared.resolve("banking77/train.csv"))
            .shape(Shape.CLASSIFICATION)
            .map("category", "label")
            .open();
    List<Example> train = new ArrayList<>();
    List<Example> held = new ArrayList<>();
    Map<String, Integer> seen = new HashMap<>();
    for (int row = 0; row < rows.size(); row++) {
      Example.Classified example = (Example.Classified) rows.get(row);
      int number = seen.merge(example.labels().get(0), 1, Integer::sum);
      if (number <= ROWS_A_CLASS) {
        train.add(example);
      } else if (number <= ROWS_A_CLASS + HELD_ROWS_A_CLASS) {
        held.add(example);
      }
    }
    Dataset validation = Datasets.of(held);
    return new Split(Datasets.of(train), validation, validation.take(0));
  }
}
