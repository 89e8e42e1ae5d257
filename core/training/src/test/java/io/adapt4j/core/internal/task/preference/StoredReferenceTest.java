package io.adapt4j.core.internal.task.preference;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.internal.data.BatchSource;
import io.adapt4j.core.internal.data.EncodedRows;
import io.adapt4j.core.internal.data.ExampleEncoder;
import io.adapt4j.core.internal.tokenize.Batch;
import io.adapt4j.core.tokenize.TestTokenizers;
import io.adapt4j.core.tokenize.Tokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a reference said is kept, and asked for again only where it does not fit. */
class StoredReferenceTest {

  private static final int PAIRS = 5;
  private static final int BATCH = 2;

  @TempDir Path folder;
  private Path file;
  @AutoClose private Tokenizer tokenizer;
  private EncodedRows<PreferenceSample> rows;
  private int asked;

  @BeforeEach
  void open() {
    file = folder.resolve("reference.safetensors");
    tokenizer = Tokenizer.load(TestTokenizers.stories());
    List<Example> pairs = new ArrayList<>();
    for (int i = 0; i < PAIRS; i++) {
      pairs.add(new Example.Preference("Lily saw", " a cat".repeat(i + 1), " the sun"));
    }
    rows = PreferenceSample.rows(Datasets.of(pairs), ExampleEncoder.builder(tokenizer, 64).build());
  }

  private StoredReference<PreferenceBatch> stored() {
    return new StoredReference<>(PreferenceSample.batches(rows, 0).inOrder(BATCH), PAIRS, BATCH);
  }

  /** Says of an answer how many tokens it has, and counts how often it is asked. */
  private float[] lengths(Batch batch) {
    asked++;
    float[] lengths = new float[batch.rows()];
    for (int i = 0; i < batch.attentionMask().length; i++) {
      lengths[i / batch.length()] += batch.attentionMask()[i];
    }
    return lengths;
  }

  @Test
  void eachBatchGetsWhatWasSaidOfItsOwnAnswers() {
    float[] values = stored().ask(this::lengths);
    BatchSource<PreferenceBatch> batches =
        stored().around(PreferenceSample.batches(rows, 0).shuffled(BATCH, 3), values);
    batches
        .epoch(1)
        .forEachRemaining(
            batch -> {
              for (int i = 0; i < batch.size(); i++) {
                int pair = batch.numbers()[i];
                assertThat(batch.reference()[i]).isEqualTo(rows.get(pair).chosen().length());
                assertThat(batch.reference()[batch.size() + i])
                    .isEqualTo(rows.get(pair).rejected().length());
              }
            });
    assertThat(batches.count()).isEqualTo(3);
  }

  @Test
  void aFileOfTheSameKeyIsNotAskedForAgain() {
    float[] first = stored().ask(this::lengths, file, "key");
    int before = asked;
    assertThat(stored().ask(this::lengths, file, "key")).isEqualTo(first);
    assertThat(asked).isEqualTo(before);
    stored().ask(this::lengths, file, "other");
    assertThat(asked).isEqualTo(2 * before);
  }

  @Test
  void whatWasCutOffGoesOnFromTheBatchItStoppedIn() {
    ReferenceModel failing =
        batch -> {
          if (asked == 2) {
            throw new IllegalStateException("cut off");
          }
          return lengths(batch);
        };
    assertThatThrownBy(() -> stored().ask(failing, file, "key")).hasMessage("cut off");
    asked = 0;
    float[] whole = stored().ask(this::lengths, file, "key");
    assertThat(asked).isEqualTo(1);
    assertThat(whole).isEqualTo(stored().ask(this::lengths));
  }

  @Test
  void aDamagedFileIsMadeAgain() throws IOException {
    float[] whole = stored().ask(this::lengths, file, "key");
    byte[] bytes = Files.readAllBytes(file);
    Files.write(file, Arrays.copyOf(bytes, bytes.length - 3));
    assertThat(stored().ask(this::lengths, file, "key")).isEqualTo(whole);
    Files.writeString(file, "no tensors");
    assertThat(stored().ask(this::lengths, file, "key")).isEqualTo(whole);
  }

  @Test
  void aFlippedBitOfAnyByteChangesNoLogProbability() throws IOException {
    float[] whole = stored().ask(this::lengths, file, "key");
    byte[] bytes = Files.readAllBytes(file);
    for (int place = 0; place < bytes.length; place++) {
      byte[] flipped = bytes.clone();
      flipped[place] ^= (byte) (1 << place % 8);
      Files.write(file, flipped);
      assertThat(stored().ask(this::lengths, file, "key")).as("byte %d", place).isEqualTo(whole);
    }
  }
}
