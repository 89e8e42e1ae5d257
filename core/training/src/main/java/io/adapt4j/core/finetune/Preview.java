package io.adapt4j.core.finetune;

import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.Row;
import io.adapt4j.core.internal.chat.PictureTokens;
import io.adapt4j.core.internal.data.EncodedRow;
import io.adapt4j.core.internal.data.ExampleEncoder;
import io.adapt4j.core.internal.data.TrainingSample;
import io.adapt4j.core.tokenize.Tokenizer;
import java.util.ArrayList;
import java.util.List;

/**
 * The first rows of a dataset as tokens, with the trained tokens marked, to check before training.
 *
 * @param rows the rows
 */
public record Preview(List<Row> rows) {

  /**
   * A row as tokens.
   *
   * @param place the row's location
   * @param samples the samples; several if the row was split, none if it is dropped
   * @param remarks remarks, such as a lost end-of-sequence token
   */
  public record Row(String place, List<Sample> samples, List<String> remarks) {

    /** Copies the lists. */
    public Row {
      samples = List.copyOf(samples);
      remarks = List.copyOf(remarks);
    }
  }

  /**
   * A sample as tokens.
   *
   * @param tokens its tokens
   */
  public record Sample(List<Token> tokens) {

    /** Copies the list. */
    public Sample {
      tokens = List.copyOf(tokens);
    }
  }

  /**
   * A token of a sample.
   *
   * @param id its id
   * @param text the token as the vocabulary spells it
   * @param trained whether the token contributes to the loss
   */
  public record Token(int id, String text, boolean trained) {}

  /** Copies the list. */
  public Preview {
    rows = List.copyOf(rows);
  }

  /** Text shown for a token of a picture. */
  private static final String PICTURE = "<image>";

  /** Tokenizes the first rows of a dataset. */
  static Preview of(Dataset dataset, ExampleEncoder encoder, int rows) {
    Dataset first = dataset.take(rows);
    List<Row> shown = new ArrayList<>();
    for (int row = 0; row < first.size(); row++) {
      EncodedRow<TrainingSample> encoded = encoder.encodeRow(first, row);
      List<Sample> samples =
          encoded.samples().stream().map(sample -> sample(sample, encoder.tokenizer())).toList();
      shown.add(
          new Row(first.locate(row), samples, PreviewRemarks.of(first.get(row), encoded, encoder)));
    }
    return new Preview(shown);
  }

  private static Sample sample(TrainingSample sample, Tokenizer tokenizer) {
    List<Token> tokens = new ArrayList<>();
    for (int i = 0; i < sample.length(); i++) {
      boolean trained = i > 0 && sample.labels()[i] != TrainingSample.IGNORED;
      int id = sample.ids()[i];
      String text = id < PictureTokens.FIRST ? tokenizer.token(id) : PICTURE;
      tokens.add(new Token(id, text, trained));
    }
    return new Sample(tokens);
  }

  /**
   * Writes the rows as plain text, trained tokens in square brackets.
   *
   * @return lines, each with its end
   */
  public String text() {
    return new PreviewText(token -> "[" + token + "]").of(this);
  }

  /**
   * Writes the rows for a terminal, trained tokens in green.
   *
   * @return lines with ANSI escape sequences, each with its end
   */
  public String ansi() {
    return new PreviewText(token -> "\u001b[32m" + token + "\u001b[0m").of(this);
  }
}
