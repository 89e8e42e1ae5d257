package io.adapt4j.gguf;

import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.internal.data.ExampleEncoder;
import io.adapt4j.core.internal.data.TrainingSample;
import io.adapt4j.core.internal.nn.adapter.AdapterMechanics;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.gguf.ExportVerification.Parting;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * Runs a checkpoint and its exported GGUF file on the same texts and accumulates their differences.
 */
final class Comparison implements AutoCloseable {

  /** Tokens scored at a time, which bounds the memory for logits. */
  private static final int AT_ONCE = 32;

  private final ModelRun model;
  private final ModelRun file;
  private final int maxTokens;
  private final int newTokens;

  private int texts;
  private long tokens;
  private int otherTokens;
  private double largest;
  private long scored;
  private double loss;
  private double fileLoss;
  private long sameLikeliest;
  private long generated;
  private long agreed;
  private final List<Parting> partings = new ArrayList<>();

  /** Loads both models. */
  Comparison(
      Path folder, Optional<AdapterMechanics> adapter, Path written, int maxTokens, int newTokens) {
    this.model = ModelRun.load(folder, adapter);
    try {
      this.file = ModelRun.load(written, Optional.empty());
    } catch (RuntimeException | Error e) {
      model.close();
      throw e;
    }
    this.maxTokens = maxTokens;
    this.newTokens = newTokens;
  }

  void add(String text) {
    add(List.of(model.promptIds(text)), List.of(file.promptIds(text)));
  }

  /**
   * Adds the comparison on the first rows of a dataset, with chats rendered in the chat template.
   */
  void add(Dataset data, int rows) {
    ExampleEncoder ours = model.encoder(maxTokens);
    ExampleEncoder theirs = file.encoder(maxTokens);
    for (int row = 0; row < Math.min(rows, data.size()); row++) {
      add(ids(ours, data, row), ids(theirs, data, row));
    }
  }

  private static List<int[]> ids(ExampleEncoder encoder, Dataset data, int row) {
    return encoder.encodeRow(data, row).samples().stream().map(TrainingSample::ids).toList();
  }

  private void add(List<int[]> samples, List<int[]> fileSamples) {
    for (int i = 0; i < samples.size(); i++) {
      if (i >= fileSamples.size() || !Arrays.equals(samples.get(i), fileSamples.get(i))) {
        otherTokens++;
      }
      add(samples.get(i));
    }
  }

  private void add(int[] all) {
    int[] ids = all;
    int context = Math.min(model.contextLength(), file.contextLength());
    ids = Arrays.copyOf(ids, Math.min(ids.length, Math.min(maxTokens, context)));
    if (ids.length == 0) {
      return;
    }
    compareScores(ids);
    int room = Math.min(newTokens, context - ids.length);
    if (room > 0) {
      compareGenerations(ids, room);
    }
    texts++;
    tokens += ids.length;
  }

  private void compareScores(int[] ids) {
    try (Tensor ours = model.hidden(ids);
        Tensor theirs = file.hidden(ids)) {
      for (int first = 0; first < ids.length; first += AT_ONCE) {
        int count = Math.min(AT_ONCE, ids.length - first);
        float[] expected = model.logits(ours, first, count);
        float[] found = file.logits(theirs, first, count);
        int width = expected.length / count;
        int fileWidth = found.length / count;
        for (int i = 0; i < count; i++) {
          int next = first + i + 1 < ids.length ? ids[first + i + 1] : -1;
          compareRow(expected, i * width, width, found, i * fileWidth, fileWidth, next);
        }
      }
    }
  }

  /**
   * Compares one row of logits. The file's row may be shorter: for some families, unused tokens are
   * omitted.
   */
  private void compareRow(
      float[] expected, int at, int width, float[] found, int fileAt, int fileWidth, int next) {
    int both = Math.min(width, fileWidth);
    for (int i = 0; i < both; i++) {
      largest = Math.max(largest, Math.abs((double) expected[at + i] - found[fileAt + i]));
    }
    if (likeliest(expected, at, both) == likeliest(found, fileAt, both)) {
      sameLikeliest++;
    }
    if (next >= 0 && next < both) {
      scored++;
      loss += loss(expected, at, width, next);
      fileLoss += loss(found, fileAt, fileWidth, next);
    }
  }

  private void compareGenerations(int[] prompt, int count) {
    int[] expected = model.generate(prompt, count);
    int[] found = file.generate(prompt, count);
    int same = Arrays.mismatch(expected, found);
    generated += expected.length;
    agreed += same < 0 ? expected.length : Math.min(same, expected.length);
    if (same >= 0) {
      partings.add(
          new Parting(
              texts,
              same,
              same < expected.length ? token(expected[same]) : "the end",
              same < found.length ? token(found[same]) : "the end",
              margin(prompt, expected, same)));
    }
  }

  private String token(int id) {
    return model.tokenizer().decode(new int[] {id}, false);
  }

  /**
   * Returns the margin between the two highest logits after the prompt and the generated tokens.
   */
  private double margin(int[] prompt, int[] generated, int count) {
    int[] ids = Arrays.copyOf(prompt, prompt.length + count);
    System.arraycopy(generated, 0, ids, prompt.length, count);
    try (Tensor hidden = model.hidden(ids)) {
      float[] logits = model.logits(hidden, ids.length - 1, 1);
      float first = Float.NEGATIVE_INFINITY;
      float second = Float.NEGATIVE_INFINITY;
      for (float logit : logits) {
        if (logit > first) {
          second = first;
          first = logit;
        } else if (logit > second) {
          second = logit;
        }
      }
      return first - second;
    }
  }

  private static int likeliest(float[] logits, int at, int width) {
    int likeliest = 0;
    for (int i = 1; i < width; i++) {
      if (logits[at + i] > logits[at + likeliest]) {
        likeliest = i;
      }
    }
    return likeliest;
  }

  private static double loss(float[] logits, int at, int width, int token) {
    double most = logits[at];
    for (int i = 1; i < width; i++) {
      most = Math.max(most, logits[at + i]);
    }
    double sum = 0;
    for (int i = 0; i < width; i++) {
      sum += Math.exp(logits[at + i] - most);
    }
    return most + Math.log(sum) - logits[at + token];
  }

  /** Returns the result over all texts. */
  ExportVerification result() {
    return new ExportVerification(
        texts,
        tokens,
        otherTokens,
        largest,
        scored == 0 ? Double.NaN : Math.exp(loss / scored),
        scored == 0 ? Double.NaN : Math.exp(fileLoss / scored),
        sameLikeliest,
        generated,
        agreed,
        partings);
  }

  @Override
  public void close() {
    file.close();
    model.close();
  }
}
