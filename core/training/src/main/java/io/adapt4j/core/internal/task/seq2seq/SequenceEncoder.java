package io.adapt4j.core.internal.task.seq2seq;

import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.DatasetException;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.internal.data.EncodedRow;
import io.adapt4j.core.internal.data.RowEncoder;
import io.adapt4j.core.internal.nn.SequenceInputs;
import io.adapt4j.core.internal.tokenize.Batch;
import io.adapt4j.core.tokenize.Tokenizer;
import java.util.List;

/** Encodes rows with a source and a target text, and collates them into batches. */
record SequenceEncoder(Tokenizer tokenizer, int maxLength, int paddingId)
    implements RowEncoder<SequenceSample> {

  @Override
  public EncodedRow<SequenceSample> encode(Dataset dataset, int row) {
    if (!(dataset.get(row) instanceof Example.PromptCompletion pair)) {
      throw new DatasetException(
          dataset.locate(row)
              + ": expected a text to read and one to write (fields prompt and completion), found "
              + dataset.get(row).getClass().getSimpleName()
              + ". State the shape PROMPT_COMPLETION or map the fields when the data is read.");
    }
    int[] source = tokenizer.encodeTruncated(pair.prompt(), maxLength);
    int[] target = tokenizer.encodeTruncated(pair.completion(), maxLength);
    return EncodedRow.of(
        new SequenceSample(source, target),
        isCut(source, pair.prompt()) || isCut(target, pair.completion()));
  }

  private boolean isCut(int[] ids, String text) {
    return ids.length == maxLength && tokenizer.encode(text, true).length > maxLength;
  }

  SequenceInputs batch(List<SequenceSample> samples, float[] weights, int[] numbers) {
    Batch sources = Batch.padded(samples.stream().map(SequenceSample::source).toList(), paddingId);
    List<int[]> targets = samples.stream().map(SequenceSample::target).toList();
    return new SequenceInputs(
        sources.ids(),
        sources.attentionMask(),
        Batch.matrix(targets, Batch.longest(targets), Batch.IGNORED),
        sources.rows(),
        sources.length(),
        weights);
  }
}
