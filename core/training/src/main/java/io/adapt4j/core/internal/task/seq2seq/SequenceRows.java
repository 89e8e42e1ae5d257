package io.adapt4j.core.internal.task.seq2seq;

import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.DatasetException;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.internal.FileDigest;
import io.adapt4j.core.internal.data.EncodingReport;
import io.adapt4j.core.tokenize.Tokenizer;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.Arrays;

/** Rows with a source and a target text, with their lengths. */
@SuppressWarnings("ArrayRecordComponent") // a carrier, never compared
record SequenceRows(
    Dataset dataset, Tokenizer tokenizer, int maxLength, int[] lengths, EncodingReport report) {

  /** Tokenizes a dataset once. Rows with an empty source or target are skipped. */
  static SequenceRows of(Dataset dataset, Tokenizer tokenizer, int maxLength) {
    int[] rows = new int[dataset.size()];
    int[] lengths = new int[rows.length];
    int kept = 0;
    int truncated = 0;
    long tokens = 0;
    long targets = 0;
    MessageDigest digest = FileDigest.sha256();
    for (int row = 0; row < rows.length; row++) {
      SequenceSample sample = sample(dataset, row, tokenizer, maxLength);
      if (sample.source().length > 0 && sample.target().length > 0) {
        rows[kept] = row;
        lengths[kept++] = sample.longest();
        truncated += sample.truncated() ? 1 : 0;
        tokens += sample.tokens();
        targets += sample.target().length;
        FileDigest.update(digest, sample.source());
        FileDigest.update(digest, sample.target());
        digest.update(ByteBuffer.allocate(Double.BYTES).putDouble(0, dataset.weight(row)));
      }
    }
    int[] used = Arrays.copyOf(lengths, kept);
    return new SequenceRows(
        kept == rows.length ? dataset : dataset.subset(Arrays.copyOf(rows, kept)),
        tokenizer,
        maxLength,
        used,
        EncodingReport.ofRows(
            rows.length,
            kept,
            truncated,
            tokens,
            targets,
            Arrays.stream(used).max().orElse(0),
            digest));
  }

  SequenceSample sample(int row) {
    return sample(dataset, row, tokenizer, maxLength);
  }

  private static SequenceSample sample(
      Dataset dataset, int row, Tokenizer tokenizer, int maxLength) {
    if (!(dataset.get(row) instanceof Example.PromptCompletion pair)) {
      throw new DatasetException(
          dataset.locate(row)
              + ": expected a text to read and one to write (fields prompt and completion), found "
              + dataset.get(row).getClass().getSimpleName()
              + ". State the shape PROMPT_COMPLETION or map the fields when the data is read.");
    }
    int[] source = tokenizer.encodeTruncated(pair.prompt(), maxLength);
    int[] target = tokenizer.encodeTruncated(pair.completion(), maxLength);
    return new SequenceSample(
        source,
        target,
        cut(source, pair.prompt(), tokenizer, maxLength)
            || cut(target, pair.completion(), tokenizer, maxLength));
  }

  private static boolean cut(int[] ids, String text, Tokenizer tokenizer, int maxLength) {
    return ids.length == maxLength && tokenizer.encode(text, true).length > maxLength;
  }
}
