package io.adapt4j.upkeep.deletion;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.data.MaskedRow;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.internal.provenance.FileHash;
import io.adapt4j.core.internal.provenance.Provenance;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a deletion noted before it erased is enough to end it. */
class UnfinishedTest {

  @TempDir private Path folder;
  private Path run;
  private Path output;
  private Path rows;

  @BeforeEach
  void write() throws IOException {
    run = Files.createDirectory(folder.resolve("run"));
    Files.writeString(run.resolve(Provenance.FILE), "{}");
    Files.createDirectories(run.resolve("checkpoint-8"));
    rows = Files.writeString(folder.resolve("rows.jsonl"), "{\"a\":\"x\"}\n{\"a\":\"y\"}\n");
    output = Files.createDirectory(folder.resolve("without"));
    ObjectNode record = JsonNodeFactory.instance.objectNode();
    record.putObject("data").putArray("files").add(FileHash.describe(rows));
    Provenance.of(output.resolve(Provenance.FILE), record).write();
  }

  private DeletionReport report(List<Path> erased, OptionalInt firstStep) {
    return new DeletionReport(
        new DeletionPlan(
            List.of(
                new MaskedRow(1, Optional.of(List.of(3, 4)), Optional.of("hash of the row")),
                MaskedRow.of(1)),
            List.of(rows + " line 2", rows + " line 2"),
            List.of(rows + " line 1"),
            firstStep,
            2,
            8,
            List.of(new LearnedVersion(run, false), new LearnedVersion(folder.resolve("x"), true))),
        output.resolve("best"),
        output.resolve("last"),
        Map.of("old", "hash of old"),
        Map.of("new", "hash of new", "newer", "hash of newer"),
        erased,
        List.of(run.resolve("last")),
        List.of(new DeletionReport.Removed("replies", folder.resolve("kept"), List.of("id"))),
        List.of("Backups."),
        Duration.ofMillis(2_345));
  }

  @Test
  void theReportIsTheOneNoted() throws IOException {
    Unfinished deletion = new Unfinished(run, output, "request");
    DeletionReport noted = report(List.of(run.resolve("checkpoint-8"), rows), OptionalInt.of(3));
    assertThat(Unfinished.isIn(output)).isFalse();
    deletion.begin(List.of());
    assertThat(Unfinished.isIn(output)).isTrue();
    assertThat(deletion.isTrained()).isFalse();
    deletion.trained(noted, Set.of(rows));
    assertThat(deletion.isTrained()).isTrue();
    List<DeletionReport> finished = new ArrayList<>();

    assertThat(deletion.finish(finished::add)).isEqualTo(noted);

    assertThat(finished).containsExactly(noted);
    assertThat(Unfinished.isIn(output)).isFalse();
    assertThat(deletion.isTrained()).isFalse();
    assertThat(run.resolve("checkpoint-8")).doesNotExist();
    assertThat(rows).hasContent("{\"a\":\"x\"}\n{\"a\":\"deleted\"}\n");
    assertThat(Provenance.read(output).json().at("/data/files/0/sha256").asText())
        .isEqualTo(FileHash.of(rows));
    JsonNode written = Json.parse(Files.readString(output.resolve(DeletionReport.FILE)));
    assertThat(written.at("/run/folder").asText()).isEqualTo(run.toString());
    assertThat(written.at("/run/recordSha256").asText())
        .isEqualTo(FileHash.of(run.resolve(Provenance.FILE)));
    assertThat(written.at("/rows/0/tokens")).hasSize(2);
    assertThat(written.at("/steps/firstUse").asInt()).isEqualTo(3);
    assertThat(written.at("/removed/0/count").asInt()).isEqualTo(1);
    assertThat(written.path("seconds").asDouble()).isEqualTo(2.345);
    assertThat(written.has("request")).isFalse();
  }

  @Test
  void rowsStayUnlessTheyWereToBeErased() throws IOException {
    Unfinished deletion = new Unfinished(run, output, "request");
    DeletionReport noted = report(List.of(), OptionalInt.empty());
    deletion.trained(noted, Set.of());
    assertThat(deletion.finish(report -> {})).isEqualTo(noted);
    assertThat(rows).hasContent("{\"a\":\"x\"}\n{\"a\":\"y\"}\n");
    assertThat(noted.plan().repeatedSteps()).isZero();
    assertThat(noted.plan().timeShare()).isZero();
    assertThat(report(List.of(), OptionalInt.of(3)).plan().timeShare()).isEqualTo(6.0 / 8);
  }

  @Test
  void anotherRequestOrOtherRowsAreRefused() throws IOException {
    Unfinished deletion = new Unfinished(run, output, "request");
    deletion.trained(report(List.of(rows), OptionalInt.of(3)), Set.of(rows));
    Unfinished other = new Unfinished(run, output, "other");
    assertThatThrownBy(other::isTrained).hasMessageContaining("unfinished deletion of other rows");
    assertThatThrownBy(() -> other.begin(List.of()))
        .hasMessageContaining("unfinished deletion of other rows");
    assertThatThrownBy(() -> other.finish(report -> {}))
        .hasMessageContaining("unfinished deletion of other rows");
    Files.writeString(rows, "{\"a\":\"z\"}\n{\"a\":\"y\"}\n");
    assertThatThrownBy(() -> deletion.finish(report -> {}))
        .hasMessageContaining(rows + " has changed since");
    assertThat(rows).hasContent("{\"a\":\"z\"}\n{\"a\":\"y\"}\n");
  }

  @Test
  void relativePathsAreThoseOfTheBeginning() throws IOException {
    Path relative = Path.of("").toAbsolutePath().relativize(run.resolve("checkpoint-8"));
    Unfinished deletion = new Unfinished(run, output, "request");
    deletion.trained(report(List.of(relative), OptionalInt.of(3)), Set.of());
    deletion.finish(report -> {});
    assertThat(run.resolve("checkpoint-8")).doesNotExist();
  }

  @Test
  void whatAnEarlierCallRemovedStaysNoted() {
    Unfinished deletion = new Unfinished(run, output, "request");
    Path kept = folder.resolve("kept");
    deletion.begin(List.of(new DeletionReport.Removed("replies", kept, List.of("2", "1"))));

    assertThat(
            deletion.begin(
                List.of(
                    new DeletionReport.Removed("replies", kept, List.of("3", "2")),
                    new DeletionReport.Removed("pages", kept, List.of()))))
        .containsExactly(new DeletionReport.Removed("replies", kept, List.of("1", "2", "3")));
  }

  @Test
  void aStepThatFailsIsTakenAgain() {
    Unfinished deletion = new Unfinished(run, output, "request");
    deletion.trained(report(List.of(rows), OptionalInt.of(3)), Set.of(rows));
    assertThatThrownBy(
            () ->
                deletion.finish(
                    report -> {
                      throw new IllegalStateException("no registry");
                    }))
        .hasMessage("no registry");
    assertThat(deletion.isTrained()).isTrue();
    List<DeletionReport> finished = new ArrayList<>();

    deletion.finish(finished::add);

    assertThat(finished).hasSize(1);
    assertThat(Unfinished.isIn(output)).isFalse();
  }
}
