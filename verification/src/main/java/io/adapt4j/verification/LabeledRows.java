package io.adapt4j.verification;

import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.data.Shape;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;

/** Classification data sets, from which rows are sampled per class. */
enum LabeledRows {
  BANKING77("banking77/train.csv", "banking77/train.csv", "text", "category", 26, 20),
  AG_NEWS("agnews/train_4k.jsonl", "agnews/dev_1k.jsonl", "text", "label", 500, 250),
  CLINC150("clinc150/train.jsonl", "clinc150/val.jsonl", "text", "intent", 14, 10),
  SST2("sst2/train_10k.tsv", "sst2/dev_2k.tsv", "sentence", "label", 1000, 500);

  /** The class of CLINC150 for everything outside its 150 intents. */
  private static final String OUT_OF_SCOPE = "oos";

  private final String trainFile;
  private final String heldFile;
  private final String textColumn;
  private final String labelColumn;
  private final int trainRows;
  private final int heldRows;

  LabeledRows(
      String trainFile,
      String heldFile,
      String textColumn,
      String labelColumn,
      int trainRows,
      int heldRows) {
    this.trainFile = trainFile;
    this.heldFile = heldFile;
    this.textColumn = textColumn;
    this.labelColumn = labelColumn;
    this.trainRows = trainRows;
    this.heldRows = heldRows;
  }

  /** Disjoint training and held-out rows. */
  record Parts(List<Example.Classified> train, List<Example.Classified> held) {}

  /** Returns the name on the command line. */
  String title() {
    return name().toLowerCase(Locale.ROOT).replace("_", "");
  }

  /** Samples rows by a seed, with up to the data set's number per class. */
  Parts draw(Path shared, long seed) {
    List<Example.Classified> rows = shuffled(shared.resolve(trainFile), seed);
    List<Example.Classified> held = new ArrayList<>();
    List<Example.Classified> train = take(rows, trainRows, held);
    if (!heldFile.equals(trainFile)) {
      held = shuffled(shared.resolve(heldFile), seed);
    }
    return new Parts(train, take(held, heldRows, new ArrayList<>()));
  }

  /** Returns the training file's rows in their order. */
  List<Example.Classified> rows(Path shared) {
    return read(shared.resolve(trainFile));
  }

  private List<Example.Classified> shuffled(Path file, long seed) {
    List<Example.Classified> all = read(file);
    Collections.shuffle(all, new Random(seed));
    return all;
  }

  private List<Example.Classified> read(Path file) {
    Dataset rows =
        Datasets.read(file)
            .shape(Shape.CLASSIFICATION)
            .map(textColumn, "text")
            .map(labelColumn, "label")
            .open();
    List<Example.Classified> all = new ArrayList<>();
    for (int row = 0; row < rows.size(); row++) {
      Example.Classified example = (Example.Classified) rows.get(row);
      if (!label(example).equals(OUT_OF_SCOPE)) {
        all.add(example);
      }
    }
    return all;
  }

  static List<Example.Classified> take(
      List<Example.Classified> rows, int ofEach, List<Example.Classified> rest) {
    List<Example.Classified> taken = new ArrayList<>();
    Map<String, Integer> seen = new HashMap<>();
    for (Example.Classified row : rows) {
      boolean wanted = seen.merge(label(row), 1, Integer::sum) <= ofEach;
      (wanted ? taken : rest).add(row);
    }
    return taken;
  }

  static String text(Example.Classified row) {
    return row.text();
  }

  static String label(Example.Classified row) {
    return row.labels().get(0);
  }
}
