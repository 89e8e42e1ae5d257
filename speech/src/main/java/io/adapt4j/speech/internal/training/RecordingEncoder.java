package io.adapt4j.speech.internal.training;

import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.DatasetException;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.internal.FileDigest;
import io.adapt4j.core.internal.data.EncodedRow;
import io.adapt4j.core.internal.data.RowEncoder;
import io.adapt4j.core.internal.data.RowFate;
import io.adapt4j.core.internal.nn.SequenceInputs;
import io.adapt4j.core.internal.tokenize.Batch;
import io.adapt4j.core.tokenize.Tokenizer;
import io.adapt4j.speech.internal.audio.MelSettings;
import io.adapt4j.speech.internal.audio.Samples;
import io.adapt4j.speech.internal.audio.WavFile;
import io.adapt4j.speech.transcript.RecordingException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Encodes rows as Transformers' fine-tuning of Whisper does: the tokens after the start are targets
 * too, and padding is none. Reads every recording once beforehand.
 *
 * @param spaced whether the language has spaces between words
 */
@SuppressWarnings("ArrayRecordComponent") // a carrier, never compared
record RecordingEncoder(
    Tokenizer tokenizer, MelSettings features, int[] prompt, boolean spaced, int end, int maxLength)
    implements RowEncoder<RecordingSample> {

  private static final String DATA = "data:";

  @Override
  public EncodedRow<RecordingSample> encode(Dataset dataset, int row) {
    Example.Recording example = recording(dataset, row);
    int[] labels = labels(example);
    if (labels.length > maxLength) {
      return EncodedRow.skipped(RowFate.TOO_LONG);
    }
    try (Samples samples = open(example.audio())) {
      return EncodedRow.of(new RecordingSample("", labels, digest(samples)), false);
    } catch (RecordingException e) {
      throw new DatasetException(dataset.locate(row) + ": " + e.getMessage(), e);
    }
  }

  @Override
  public RecordingSample sample(Dataset dataset, int row, int part) {
    Example.Recording example = recording(dataset, row);
    return new RecordingSample(example.audio(), labels(example), new byte[0]);
  }

  private static Example.Recording recording(Dataset dataset, int row) {
    if (dataset.get(row) instanceof Example.Recording recording) {
      return recording;
    }
    throw new DatasetException(
        dataset.locate(row)
            + ": expected a recording with its transcript (fields audio and text), found "
            + dataset.get(row).getClass().getSimpleName()
            + ". State the shape RECORDING or map the fields when the data is read.");
  }

  private int[] labels(Example.Recording example) {
    // Whisper begins a text with a space.
    String text = (spaced ? " " : "") + example.text().strip();
    IntStream rest =
        IntStream.concat(Arrays.stream(tokenizer.encode(text, false)), IntStream.of(end));
    return IntStream.concat(Arrays.stream(prompt).skip(1), rest).toArray();
  }

  /** Opens the recording of a row. */
  static Samples open(String audio) {
    if (!audio.startsWith(DATA)) {
      return WavFile.open(Path.of(audio));
    }
    try {
      byte[] bytes = Base64.getDecoder().decode(audio.substring(audio.indexOf(',') + 1));
      return WavFile.of(bytes, Path.of("bytes of the recording"));
    } catch (IllegalArgumentException e) {
      throw new RecordingException(
          "bytes of the recording: expected base64, found another text. Write them again.", e);
    }
  }

  private byte[] digest(Samples samples) {
    long count = samples.count();
    if (count == 0 || count * features.rate() > (long) features.chunk() * samples.rate()) {
      throw new RecordingException(
          "the recording: expected up to %s s of sound, found %s s. Cut it into parts with the text of each, or remove the row."
              .formatted(features.chunk() / features.rate(), (double) count / samples.rate()),
          null);
    }
    float[] values = samples.read(0, Math.toIntExact(count));
    ByteBuffer bytes = ByteBuffer.allocate(Math.multiplyExact(values.length, Float.BYTES));
    bytes.asFloatBuffer().put(values);
    MessageDigest digest = FileDigest.sha256();
    digest.update(ByteBuffer.allocate(Integer.BYTES).putInt(0, samples.rate()));
    return digest.digest(bytes.array());
  }

  RecordingBatch batch(List<RecordingSample> samples, float[] weights, int[] numbers) {
    List<int[]> labels = samples.stream().map(RecordingSample::labels).toList();
    return new RecordingBatch(
        samples.stream().map(RecordingSample::audio).toList(),
        new SequenceInputs(
            new long[0],
            new long[0],
            Batch.matrix(labels, Batch.longest(labels), Batch.IGNORED),
            labels.size(),
            0,
            weights));
  }
}
