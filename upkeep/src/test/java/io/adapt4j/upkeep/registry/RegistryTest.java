package io.adapt4j.upkeep.registry;

import static io.adapt4j.upkeep.registry.Registry.CHALLENGER;
import static io.adapt4j.upkeep.registry.Registry.PRODUCTION;
import static io.adapt4j.upkeep.registry.Samples.ANNA;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.AtomicFiles;
import io.adapt4j.core.internal.CheckedJson;
import io.adapt4j.core.internal.FileDigest;
import io.adapt4j.core.internal.ProcessLock;
import io.adapt4j.upkeep.registry.HistoryEntry.Action;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Versions, aliases, exams and signatures. */
class RegistryTest {

  @TempDir Path temp;

  private Registry registry;

  @BeforeEach
  void open() {
    registry = Registry.open(temp.resolve("registry")).withClock(Samples.CLOCK);
  }

  private ModelVersion add(String weights) throws IOException {
    Path folder = Samples.adapter(temp.resolve("run-" + weights), weights);
    return registry.add(NewVersion.of("support", folder).note("weights " + weights));
  }

  private ModelVersion examined(String weights) throws IOException {
    ModelVersion version = add(weights);
    registry.addExam(version, Samples.report(0.9));
    return version;
  }

  @Test
  void aVersionIsACopyOfItsFolder() throws Exception {
    ModelVersion version = add("one");

    Files.writeString(temp.resolve("run-one/adapter_model.safetensors"), "changed");

    assertThat(version.reference()).isEqualTo("support@1");
    assertThat(version.note()).isEqualTo("weights one");
    assertThat(version.created()).isEqualTo(Samples.CLOCK.instant());
    assertThat(version.folder().getFileName()).hasToString("support-1");
    assertThat(version.folder().resolve("adapter_model.safetensors")).hasContent("one");
    assertThat(version.files())
        .extracting(VersionFile::path)
        .containsExactly(
            "1_Pooling/config.json",
            "README.md",
            "adapter_config.json",
            "adapter_model.safetensors");
    assertThat(version.bytes()).isEqualTo(9 + 3 + 13 + 3);
    assertThat(registry.resolve("support@1")).isEqualTo(version);
    assertThat(registry.names()).containsExactly("support");
    assertThat(registry.verify()).isEmpty();
  }

  @Test
  void theDigestIsThatOfSha256sum() throws Exception {
    ModelVersion version = add("one");

    StringBuilder lines = new StringBuilder();
    for (VersionFile file : version.files()) {
      lines.append(file.sha256() + "  " + file.path() + "\n");
    }

    assertThat(version.digest()).isEqualTo(FileDigest.sha256(lines.toString()));
    assertThat(version.files().get(3).sha256()).isEqualTo(FileDigest.sha256("one"));
  }

  @Test
  void equalContentIsOneVersion() throws Exception {
    ModelVersion version = add("one");
    add("two");

    assertThat(add("one")).isEqualTo(version);
    assertThat(registry.versions("support")).hasSize(2);
  }

  @Test
  void aVersionIsFoundByNumberAliasAndDigest() throws Exception {
    ModelVersion one = add("one");
    ModelVersion two = add("two");
    registry.promote(two, CHALLENGER, ANNA);

    assertThat(registry.resolve("support@challenger")).isEqualTo(two);
    assertThat(registry.resolve(one.pinned())).isEqualTo(one);
    assertThat(registry.resolve(one.exact())).isEqualTo(one);
    assertThat(one.exact()).isEqualTo("support@1+sha256:" + one.digest());
    String mixed = one.exact().replace("@1+", "@2+");
    assertThatThrownBy(() -> registry.resolve(mixed)).hasMessageContaining("no version");
    for (String wrong :
        List.of("support@production", "support@3", "support@sha256:00", "support@", "other@1")) {
      assertThatThrownBy(() -> registry.resolve(wrong))
          .isInstanceOf(RegistryException.class)
          .hasMessageContaining("there are versions");
    }
    for (String wrong : List.of("support", "", "@1", "../support@1", "Support@1", "con@1")) {
      assertThatThrownBy(() -> registry.resolve(wrong)).isInstanceOf(RegistryException.class);
    }
  }

  @Test
  void aLoadedFolderKnowsItsVersion() throws Exception {
    ModelVersion version = add("one");

    assertThat(Registry.versionOf(version.folder())).contains(version);
    assertThat(Registry.versionOf(temp.resolve("run-one"))).isEmpty();
    assertThat(Registry.versionOf(version.folder().resolveSibling("exams"))).isEmpty();
  }

  @Test
  void rollbackGoesToTheVersionBefore() throws Exception {
    ModelVersion one = examined("one");
    ModelVersion two = examined("two");
    ModelVersion three = examined("three");
    registry.promote(one, ANNA);
    registry.promote(two, ANNA);
    registry.promote(two, ANNA);
    registry.promote(three, ANNA);

    assertThat(registry.rollback("support", ANNA)).isEqualTo(two);
    assertThat(registry.rollback("support", ANNA)).isEqualTo(one);
    assertThatThrownBy(() -> registry.rollback("support", ANNA))
        .hasMessageContaining("no version had this alias before");

    assertThat(registry.resolve("support@production")).isEqualTo(one);
    assertThat(registry.history("support"))
        .extracting(HistoryEntry::action)
        .containsExactly(
            Action.PROMOTE, Action.PROMOTE, Action.PROMOTE, Action.ROLLBACK, Action.ROLLBACK);
    HistoryEntry last = registry.history("support").get(4);
    assertThat(last.from()).isEqualTo(OptionalInt.of(2));
    assertThat(last.to()).isEqualTo(OptionalInt.of(1));
    assertThat(last.who()).isEqualTo("anna");
    assertThat(last.time()).isEqualTo(Samples.CLOCK.instant());
  }

  @Test
  void aPromotionThatExpectsAnotherVersionChangesNothing() throws Exception {
    ModelVersion one = examined("one");
    ModelVersion two = examined("two");
    ModelVersion three = examined("three");

    assertThat(registry.promote(two, PRODUCTION, Optional.of(one), ANNA)).isFalse();
    assertThat(registry.promote(one, PRODUCTION, Optional.empty(), ANNA)).isTrue();
    assertThat(registry.promote(two, PRODUCTION, Optional.of(one), ANNA)).isTrue();
    assertThat(registry.promote(three, PRODUCTION, Optional.of(one), ANNA)).isFalse();
    assertThat(registry.promote(three, PRODUCTION, Optional.empty(), ANNA)).isFalse();
    assertThat(registry.resolve("support@production")).isEqualTo(two);
    // What is there already is no lost race, so that a repeated request may go on.
    assertThat(registry.promote(two, PRODUCTION, Optional.of(one), ANNA)).isTrue();
    assertThat(registry.history("support")).hasSize(2);
    ModelVersion four = add("four");
    assertThatThrownBy(() -> registry.promote(four, PRODUCTION, Optional.of(two), ANNA))
        .hasMessageContaining("expected an exam");
  }

  @Test
  void aRollbackFromAVersionThatIsNotInProductionChangesNothing() throws Exception {
    ModelVersion one = examined("one");
    ModelVersion two = add("two");
    ModelVersion three = examined("three");
    registry.promote(one, ANNA);
    registry.promote(two, ANNA.allowingNoExam());
    registry.promote(three, ANNA);
    assertThat(registry.earlier("support", PRODUCTION)).containsExactly(two, one);

    assertThatThrownBy(() -> registry.rollback(three, two, ANNA))
        .hasMessageContaining("expected an exam");
    assertThat(registry.rollback(two, one, ANNA)).isFalse();
    assertThat(registry.rollback(three, one, ANNA)).isTrue();
    assertThat(registry.resolve("support@production")).isEqualTo(one);
    assertThat(registry.rollback(three, one, ANNA)).isFalse();
    assertThat(registry.earlier("support", PRODUCTION)).isEmpty();
    assertThat(registry.history("support")).hasSize(4);
    assertThatThrownBy(() -> registry.rollback(one, three, ANNA))
        .hasMessageContaining("was in production before");
  }

  @Test
  void productionNeedsAnExam() throws Exception {
    ModelVersion version = add("one");

    assertThatThrownBy(() -> registry.promote(version, ANNA))
        .isInstanceOf(RegistryException.class)
        .hasMessageContaining("expected an exam");
    assertThat(registry.aliases("support")).isEmpty();

    registry.promote(version, ANNA.allowingNoExam());

    assertThat(registry.aliases("support")).containsEntry(PRODUCTION, 1);
    assertThat(registry.history("support").get(0).examined()).isFalse();
  }

  @Test
  void anExamThatWasChangedDoesNotCount() throws Exception {
    ModelVersion version = add("one");
    Exam exam = registry.addExam(version, Samples.report(0.9));
    assertThat(registry.exams(version)).containsExactly(exam);

    Files.writeString(exam.file(), "{}");

    assertThat(registry.exams(version)).isEmpty();
    assertThat(registry.verify(version))
        .singleElement()
        .asString()
        .contains(exam.file().toString());
    assertThatThrownBy(() -> registry.promote(version, ANNA)).hasMessageContaining("exam");
  }

  @Test
  void onlyAReportIsAnExam() throws Exception {
    ModelVersion version = add("one");
    Path file = temp.resolve("r.json");

    for (String text : List.of("{\"candidates\": []}", "no JSON")) {
      Files.writeString(file, text);
      assertThatThrownBy(() -> registry.addExam(version, file))
          .isInstanceOf(RegistryException.class)
          .hasMessageContaining("expected the JSON of an evaluation");
    }
  }

  @Test
  void aVersionWithAnAliasStays() throws Exception {
    ModelVersion one = examined("one");
    ModelVersion two = examined("two");
    registry.promote(one, ANNA);
    registry.promote(two, ANNA);

    assertThatThrownBy(() -> registry.delete(two, ANNA)).hasMessageContaining("'production'");

    registry.delete(one, ANNA);
    assertThat(registry.versions("support")).containsExactly(two);
    assertThat(one.folder()).doesNotExist();
    assertThatThrownBy(() -> registry.rollback("support", ANNA)).hasMessageContaining("before");
    registry.removeAlias("support", PRODUCTION, ANNA);
    registry.delete(two, ANNA);
    assertThatThrownBy(() -> registry.promote(two, CHALLENGER, ANNA))
        .hasMessageContaining("not in");
    assertThat(add("three").number()).isEqualTo(3);
  }

  @Test
  void verifyNamesEachFileThatChanged() throws Exception {
    ModelVersion version = add("one");
    Path weights = version.folder().resolve("adapter_model.safetensors");
    Path config = version.folder().resolve("1_Pooling/config.json");
    Path other = version.folder().resolve("other.json");

    Files.writeString(weights, "two");
    Files.delete(config);
    Files.writeString(other, "{}");

    assertThat(registry.verify())
        .satisfiesExactlyInAnyOrder(
            one -> assertThat(one).contains(weights.toString()).contains("changed"),
            two -> assertThat(two).contains(config.toString()).contains("missing"),
            three -> assertThat(three).contains(other.toString()).contains("added"));
  }

  @Test
  void aDamagedHistoryIsNamedByItsLine() throws Exception {
    ModelVersion one = examined("one");
    registry.promote(one, ANNA);
    Path history = one.folder().getParent().resolveSibling("history.jsonl");
    Files.writeString(history, Files.readString(history) + "{}\n");

    assertThat(registry.verify()).singleElement().asString().contains(history + ": line 2");
    assertThatThrownBy(() -> registry.aliases("support")).isInstanceOf(RegistryException.class);
  }

  @Test
  void theNumberOfADeletedVersionIsNotUsedAgain() throws Exception {
    add("one");
    ModelVersion two = add("two");
    Path home = two.folder().getParent();
    Path copy = temp.resolve("copy");
    Files.createDirectories(copy.resolve("support-2"));
    Files.copy(home.resolve("version.json"), copy.resolve("version.json"));

    registry.delete(two, ANNA);
    // As if the deletion had been cut off after its line: it is repeated without another.
    Files.move(copy, home);
    registry.delete(two, ANNA);

    assertThat(registry.history("support"))
        .extracting(HistoryEntry::action, HistoryEntry::to)
        .containsExactly(tuple(Action.DELETE, OptionalInt.of(2)));
    assertThat(home).doesNotExist();
    assertThat(add("three").number()).isEqualTo(3);
  }

  @Test
  void aFailedAdditionLeavesNothing() throws Exception {
    add("one");
    Path absent = temp.resolve("absent");
    assertThatThrownBy(
            () ->
                registry.add(
                    NewVersion.of("support", temp),
                    Optional.empty(),
                    () -> Map.of("model.gguf", absent),
                    files -> {}))
        .hasMessageContaining("Writing to");
    try (Stream<Path> left = Files.list(temp.resolve("registry/versions/support"))) {
      assertThat(left).containsExactly(temp.resolve("registry/versions/support/1"));
    }
  }

  @Test
  void whatAKilledAdditionLeftIsSweptADayLater() throws Exception {
    Path home = add("one").folder().getParent().getParent();
    String name = ".new.00000000-0000-0000-0000-00000000000";
    Path old = Files.createDirectory(home.resolve(name + "0"));
    Path recent = Files.createDirectory(home.resolve(name + "1"));
    Files.setLastModifiedTime(old, FileTime.from(Instant.now().minus(Duration.ofDays(2))));

    add("two");

    assertThat(old).doesNotExist();
    assertThat(recent).exists();
  }

  @Test
  void aChangeWaitsForTheLock() throws Exception {
    ModelVersion one = examined("one");
    Path home = one.folder().getParent().getParent();
    Thread promoting = new Thread(() -> registry.promote(one, ANNA));
    try (ProcessLock held = Access.lock(home)) {
      promoting.start();
      awaitWaiting(promoting);
      assertThat(registry.aliases("support")).isEmpty();
    }
    promoting.join();
    assertThat(registry.aliases("support")).containsEntry(PRODUCTION, 1);
  }

  @Test
  void anInterruptEndsTheWait() throws Exception {
    Path home = add("one").folder().getParent().getParent();
    List<Boolean> interrupted = new CopyOnWriteArrayList<>();
    Thread waiting =
        new Thread(
            () -> {
              assertThatThrownBy(() -> Access.lock(home)).hasMessageContaining("interrupted");
              interrupted.add(Thread.currentThread().isInterrupted());
            });
    try (ProcessLock held = Access.lock(home)) {
      waiting.start();
      awaitWaiting(waiting);
      waiting.interrupt();
      waiting.join();
    }
    assertThat(interrupted).containsExactly(true);
  }

  private static void awaitWaiting(Thread thread) {
    while (thread.isAlive() && thread.getState() != Thread.State.TIMED_WAITING) {
      Thread.onSpinWait();
    }
  }

  @Test
  void aRecordThatWasChangedIsRefused() throws Exception {
    ModelVersion version = add("one");
    Path record = version.folder().resolveSibling("version.json");
    Files.writeString(record, Files.readString(record).replace("weights one", "weights 1"));

    assertThatThrownBy(() -> registry.resolve("support@1"))
        .isInstanceOf(RegistryException.class)
        .hasMessageContaining(record.toString());
    assertThat(registry.verify()).singleElement().asString().contains(record.toString());
  }

  @Test
  void everyFieldOfARecordIsChecked() throws Exception {
    Path record = add("one").folder().resolveSibling("version.json");
    ObjectNode fields = (ObjectNode) CheckedJson.read(record).json();
    String digest = "sha256:" + "0".repeat(64);
    for (ObjectNode changed :
        List.of(
            fields.deepCopy().put("schema", 2),
            fields.deepCopy().put("number", 2),
            fields.deepCopy().put("digest", digest))) {
      CheckedJson.write(record, changed);
      assertThatThrownBy(() -> registry.resolve("support@1"))
          .isInstanceOf(RegistryException.class)
          .hasMessageContaining(record + ": field '");
    }
    fields.remove("checksum");
    AtomicFiles.writeJson(record, fields);
    assertThatThrownBy(() -> registry.resolve("support@1"))
        .hasMessageContaining("field 'checksum': expected true");
  }

  @Test
  void aSignatureCoversNameAndDigest() throws Exception {
    KeyPair keys = KeyPairGenerator.getInstance("Ed25519").generateKeyPair();
    KeyPair others = KeyPairGenerator.getInstance("Ed25519").generateKeyPair();
    ModelVersion one = add("one");
    ModelVersion two = add("two");
    registry.sign(one, keys.getPrivate());

    assertThat(registry.isSigned(one, keys.getPublic())).isTrue();
    assertThat(registry.isSigned(one, others.getPublic())).isFalse();
    assertThat(registry.isSigned(two, keys.getPublic())).isFalse();

    Path signature = one.folder().resolveSibling("signature.json");
    Files.copy(signature, two.folder().resolveSibling("signature.json"));
    assertThat(registry.isSigned(two, keys.getPublic())).isFalse();
    for (String damaged : List.of("{", "{\"signature\": \"AAAA\"}", "{\"signature\": \"?\"}")) {
      Files.writeString(signature, damaged);
      assertThat(registry.isSigned(one, keys.getPublic())).isFalse();
    }
  }

  @Test
  void lineageComesFromTheProvenanceOfTheRun() throws Exception {
    ModelVersion one = add("one");
    Path folder = Samples.adapter(temp.resolve("next"), "next");
    Files.writeString(
        folder.resolve("provenance.json"),
        """
        {"schema": 1, "configuration": {"epochs": 3},
         "model": {"folder": "/models/m", "hub": "o/m", "revision": "ab",
                   "files": [{"path": "/models/m/config.json", "sha256": "%1$s"}]},
         "start": {"files": [{"path": "/runs/1/adapter_model.safetensors", "sha256": "%1$s"}]},
         "data": {"files": [{"path": "/data/rows.jsonl", "sha256": "%1$s", "rows": 20}]}}
        """
            .formatted(one.files().get(3).sha256()));

    Lineage lineage = registry.add(NewVersion.of("support", folder)).lineage();

    assertThat(lineage.parent()).contains(one.pinned());
    String weights = one.files().get(3).sha256();
    assertThat(lineage.base())
        .contains(new Lineage.Base("o/m@ab", FileDigest.sha256(weights + "\n")));
    assertThat(add("of nothing").lineage().parent()).isEmpty();
    assertThat(lineage.data()).extracting(Lineage.Data::rows).containsExactly(20);
    assertThat(lineage.plan()).contains("{\"epochs\":3}");
    assertThat(registry.resolve("support@2").lineage()).isEqualTo(lineage);
  }

  @Test
  void foldersFromOutsideAreChecked() throws Exception {
    Path empty = Files.createDirectory(temp.resolve("empty"));
    assertThatThrownBy(() -> registry.add(NewVersion.of("support", empty)))
        .isInstanceOf(RegistryException.class)
        .hasMessageContaining("expected weights");
    Files.writeString(empty.resolve("config.json"), "{}");
    assertThatThrownBy(() -> registry.add(NewVersion.of("support", empty)))
        .hasMessageContaining("expected weights");

    Path linked = Samples.adapter(temp.resolve("linked"), "w");
    Files.createSymbolicLink(linked.resolve("secret.json"), temp.resolve("elsewhere"));
    assertThatThrownBy(() -> registry.add(NewVersion.of("support", linked)))
        .isInstanceOf(RegistryException.class)
        .hasMessageContaining("found a link");

    Path odd = Samples.adapter(temp.resolve("odd"), "w");
    Files.writeString(odd.resolve("nul.json"), "");
    assertThatThrownBy(() -> registry.add(NewVersion.of("support", odd)))
        .hasMessageContaining("reserved on Windows");
    assertThatThrownBy(() -> NewVersion.of("a/b", odd)).isInstanceOf(RegistryException.class);
    assertThatThrownBy(() -> registry.add(NewVersion.of("support", temp.resolve("absent"))))
        .hasMessageContaining("absent");
    assertThat(registry.names()).isEmpty();
    Files.createDirectories(temp.resolve("registry/versions/No name"));
    assertThat(registry.names()).isEmpty();

    Files.writeString(empty.resolve("model.gguf"), "w");
    assertThat(registry.add(NewVersion.of("support", empty)).files()).hasSize(2);
  }

  @Test
  void hiddenFilesAreLeftOut() throws Exception {
    Path folder = Samples.adapter(temp.resolve("run"), "w");
    Files.writeString(folder.resolve(".gitattributes"), "");

    assertThat(registry.add(NewVersion.of("support", folder)).files()).hasSize(4);
  }
}
