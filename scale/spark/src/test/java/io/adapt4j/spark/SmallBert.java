package io.adapt4j.spark;

import io.adapt4j.core.SmallEncoder;
import java.io.IOException;
import java.nio.file.Path;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** A BERT of random weights, with a tokenizer of a few words. */
public final class SmallBert {

  private static final int WIDTH = 64;

  private SmallBert() {}

  /** Writes a model without an output layer. */
  public static Path embedder(Path folder) throws IOException {
    return SmallEncoder.write(folder, WIDTH, "BertModel", "");
  }

  /** Writes a classifier of some labels. */
  public static Path classifier(Path folder, String... labels) throws IOException {
    String named =
        IntStream.range(0, labels.length)
            .mapToObj(i -> "\"" + i + "\": \"" + labels[i] + "\"")
            .collect(Collectors.joining(", "));
    String fields = ", \"id2label\": {" + named + "}";
    return SmallEncoder.write(folder, WIDTH, "BertForSequenceClassification", fields);
  }
}
