package io.adapt4j.core.internal.train;

import static io.adapt4j.core.Refusals.refuses;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.CheckedJson;
import io.adapt4j.core.internal.FileDigest;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.checkpoint.TensorData;
import io.adapt4j.core.train.TrainingException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Damage of any bit of a state is found, and is not taken for another run. */
class RunStatesTest {

  private static final Map<String, String> IDENTITY =
      Map.of("learning rate", "0.001", "model", "sha256 abcdef", "training data", "20 rows");
  private static final Optional<EarlyStopping> RULES =
      Optional.of(new EarlyStopping(3, 0.01, 5.9, 1));

  @TempDir Path output;
  private Path older;
  private Path newer;

  @BeforeEach
  void saveTwoStates() {
    older = save(6);
    newer = save(9);
  }

  private RunStates states(Map<String, String> identity) {
    return new RunStates(output, new StateOptions(3, 2, true, identity));
  }

  private Path save(int steps) {
    byte[] values = new byte[400];
    Arrays.fill(values, (byte) steps);
    TensorData tensor =
        TensorData.of(
            "value.w", StoredType.F32, List.of(100L), () -> ByteBuffer.wrap(values.clone()));
    states(IDENTITY)
        .save(
            new Progress(
                steps,
                steps,
                0,
                6.25,
                RecentLosses.NONE.with(5.5, 1),
                OptionalDouble.of(6.1),
                Map.of("accuracy", 0.4),
                OptionalDouble.of(5.9),
                OptionalInt.of(4),
                Map.of("accuracy", 0.5),
                RULES,
                4),
            List.of(tensor));
    return output.resolve("states").resolve("step-0000000" + steps);
  }

  private Optional<RunStates.Found> newest() {
    return states(IDENTITY).newest(RULES, found -> Optional.empty());
  }

  @Test
  void whatWasSavedIsRead() {
    RunStates.Found found = newest().orElseThrow();
    assertThat(found.path()).isEqualTo(newer);
    assertThat(found.checked()).isTrue();
    assertThat(found.damaged()).isEmpty();
    assertThat(found.progress().bestMetrics()).isEqualTo(Map.of("accuracy", 0.5));
    assertThat(found.progress().bestStep()).hasValue(4);
  }

  @ParameterizedTest
  @ValueSource(strings = {"state.json", "state.safetensors"})
  void aFlippedBitOfAnyByteLeadsToTheStateBefore(String name) throws IOException {
    Path file = newer.resolve(name);
    byte[] bytes = Files.readAllBytes(file);
    for (int place = 0; place < bytes.length; place++) {
      byte[] flipped = bytes.clone();
      flipped[place] ^= (byte) (1 << place % 8);
      Files.write(file, flipped);
      RunStates.Found found = newest().orElseThrow();
      assertThat(found.path()).as("byte %d", place).isEqualTo(older);
      assertThat(found.damaged()).singleElement().asString().contains("step-00000009", name);
    }
  }

  @Test
  void aTruncatedFileLeadsToTheStateBefore() throws IOException {
    for (String name : List.of("state.json", "state.safetensors")) {
      Path file = newer.resolve(name);
      byte[] bytes = Files.readAllBytes(file);
      for (int length = 0; length < bytes.length; length += 7) {
        Files.write(file, Arrays.copyOf(bytes, length));
        assertThat(newest().orElseThrow().path()).as("%s %d", name, length).isEqualTo(older);
      }
      Files.delete(file);
      assertThat(newest().orElseThrow().path()).isEqualTo(older);
      Files.write(file, bytes);
    }
  }

  @Test
  void aFieldThatIsMissingIsDamageAndNotADefault() throws IOException {
    ObjectNode whole = (ObjectNode) CheckedJson.read(newer.resolve("state.json")).json();
    whole.remove("checksum");
    // States of earlier builds have none; the checksum finds one that was lost.
    whole.remove("recentLosses");
    for (String field : whole.properties().stream().map(Map.Entry::getKey).toList()) {
      ObjectNode less = whole.deepCopy();
      less.remove(field);
      CheckedJson.write(newer.resolve("state.json"), less);
      RunStates.Found found = newest().orElseThrow();
      assertThat(found.path()).as(field).isEqualTo(older);
      assertThat(found.damaged()).singleElement().asString().contains(field);
    }
  }

  @Test
  void whereNoStateIsIntactTheRunIsRefusedWithFilesAndRemedy() throws IOException {
    for (Path state : List.of(older, newer)) {
      byte[] bytes = Files.readAllBytes(state.resolve("state.json"));
      bytes[bytes.length / 2] ^= 1;
      Files.write(state.resolve("state.json"), bytes);
    }
    assertThatExceptionOfType(TrainingException.class)
        .isThrownBy(this::newest)
        .withMessageContainingAll(
            "step-00000009: state.json", "step-00000006: state.json", "delete", "checksum");
  }

  @Test
  void anotherRunIsToldFromDamage() {
    assertThatExceptionOfType(TrainingException.class)
        .isThrownBy(
            () -> states(Map.of("learning rate", "0.01")).newest(RULES, found -> Optional.empty()))
        .withMessageContainingAll("belongs to another run", "was 0.001, is 0.01")
        .withMessageNotContaining("damaged");
  }

  @Test
  void aStateWithoutAChecksumOfAnOlderVersionIsReadAsItWasWritten() throws IOException {
    for (Path state : List.of(older, newer)) {
      ObjectNode old = (ObjectNode) Json.parse("{\n  \"steps\" : 9}");
      ObjectNode now = (ObjectNode) CheckedJson.read(state.resolve("state.json")).json();
      now.remove(List.of("checksum", "files", "bestMetrics"));
      old.setAll(now);
      old.put("format", 1).put("sha256", FileDigest.sha256(state.resolve("state.safetensors")));
      Files.writeString(state.resolve("state.json"), Json.indented(old));
    }
    RunStates.Found found = newest().orElseThrow();
    assertThat(found.path()).isEqualTo(newer);
    assertThat(found.checked()).isFalse();
    assertThat(found.progress().bestMetrics()).isEmpty();
    assertThat(found.progress().recentLosses().mean(9)).isEqualTo(5.5);

    String text = Files.readString(newer.resolve("state.json"));
    Files.writeString(newer.resolve("state.json"), text.replace("lastLoss", "lastLosr"));
    assertThat(newest().orElseThrow().path()).isEqualTo(older);
  }

  @Test
  void aStateOfALaterVersionIsNotCalledDamaged() throws IOException {
    ObjectNode whole = (ObjectNode) CheckedJson.read(newer.resolve("state.json")).json();
    whole.remove("checksum");
    CheckedJson.write(newer.resolve("state.json"), whole.put("format", 99));
    refuses(TrainingException.class, this::newest, "step-00000009", "format 99");
  }

  @Test
  void onlyTheNewestStatesStay() throws IOException {
    Path other = Files.createFile(output.resolve("states/notes.txt"));
    save(12);
    assertThat(older).doesNotExist();
    assertThat(newer).exists();
    assertThat(newest().orElseThrow().path()).endsWith(Path.of("step-00000012"));

    states(IDENTITY).clear();
    assertThat(output.resolve("states")).isDirectoryContaining("glob:**notes.txt");
    assertThat(other).exists();
    assertThat(newest()).isEmpty();
  }

  @Test
  void withoutAFolderThereIsNoState() {
    RunStates elsewhere =
        new RunStates(output.resolve("elsewhere"), new StateOptions(3, 2, true, IDENTITY));
    assertThat(elsewhere.newest(RULES, found -> Optional.empty())).isEmpty();
    elsewhere.clear();
    assertThat(output.resolve("elsewhere")).doesNotExist();
  }

  @Test
  void aStateThatCannotBeSavedLeavesNothingAndTheOthersStay() {
    TensorData broken =
        TensorData.of(
            "w",
            StoredType.F32,
            List.of(1L),
            () -> {
              throw new IllegalStateException("no values");
            });
    Progress progress = newest().orElseThrow().progress();
    assertThatExceptionOfType(TrainingException.class)
        .isThrownBy(() -> states(IDENTITY).save(progress, List.of(broken)))
        .withMessageContainingAll("step 9", newer.toString(), "no values", "resume()");
    assertThat(output.resolve("states").toFile().list())
        .containsExactlyInAnyOrder("step-00000006", "step-00000009");
    assertThat(newest().orElseThrow().path()).isEqualTo(newer);
  }

  @Test
  void aStateWhoseCheckpointIsDamagedIsPassedOver() {
    RunStates.Found found =
        states(IDENTITY)
            .newest(
                RULES,
                state ->
                    state.path().equals(newer) ? Optional.of("best is gone") : Optional.empty())
            .orElseThrow();
    assertThat(found.path()).isEqualTo(older);
    assertThat(found.damaged())
        .containsExactly(newer + ": the checkpoint it goes with is damaged: best is gone");
  }

  @Test
  void anotherWorkerReadsTheSameState() throws IOException {
    RunStates.Found found = states(IDENTITY).at(6, RULES);
    assertThat(found.path()).isEqualTo(older);
    assertThat(found.progress().steps()).isEqualTo(6);
    Files.delete(older.resolve("state.json"));
    assertThatExceptionOfType(TrainingException.class)
        .isThrownBy(() -> states(IDENTITY).at(6, RULES))
        .withMessageContainingAll(older.toString(), "All workers need the output folder");
  }

  @Test
  void theStateOfEarlyStoppingIsTheSavedOneWithTheRulesOfTheRun() {
    EarlyStopping found =
        states(IDENTITY)
            .newest(Optional.of(new EarlyStopping(7, 0.5, 1.0, 0)), state -> Optional.empty())
            .orElseThrow()
            .progress()
            .patience()
            .orElseThrow();
    assertThat(found).isEqualTo(new EarlyStopping(7, 0.5, 5.9, 1));
  }

  @Test
  void tensorsOfAnOlderVersionAreChecked() throws IOException {
    for (Path state : List.of(older, newer)) {
      ObjectNode now = (ObjectNode) CheckedJson.read(state.resolve("state.json")).json();
      now.remove(List.of("checksum", "files"));
      now.put("format", 1).put("sha256", FileDigest.sha256(state.resolve("state.safetensors")));
      Files.writeString(state.resolve("state.json"), Json.indented(now));
    }
    byte[] tensors = Files.readAllBytes(newer.resolve("state.safetensors"));
    tensors[tensors.length - 1] ^= 1;
    Files.write(newer.resolve("state.safetensors"), tensors);
    RunStates.Found found = newest().orElseThrow();
    assertThat(found.path()).isEqualTo(older);
    assertThat(found.damaged()).singleElement().asString().contains("its checksum is");

    ObjectNode other = (ObjectNode) Json.parse(Files.readString(older.resolve("state.json")));
    Files.writeString(older.resolve("state.json"), Json.indented(other.put("format", 2)));
    assertThatExceptionOfType(TrainingException.class)
        .isThrownBy(this::newest)
        .withMessageContaining("neither a checksum nor the format of states without one");
  }
}
