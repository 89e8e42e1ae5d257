package io.adapt4j.core.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;

import io.adapt4j.core.internal.AppendedLines;
import io.adapt4j.core.internal.AtomicFiles;
import io.adapt4j.core.internal.AtomicFolders;
import io.adapt4j.core.internal.FileTransaction;
import io.adapt4j.core.internal.Temporaries;
import io.adapt4j.core.internal.WholeAppends;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What a failed call leaves at once, without the sweep that would put it right later. */
class RollBackTest {

  @TempDir Path all;
  private int attempts;
  private FaultyDisk disk;

  private Path next() throws IOException {
    return Files.createDirectory(all.resolve("attempt" + attempts++));
  }

  /** A disk over what is there now. */
  private FaultyDisk over(Path folder) throws IOException {
    disk = new FaultyDisk(folder);
    return disk;
  }

  private static Set<String> names(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return new TreeSet<>(files.map(file -> file.getFileName().toString()).toList());
    }
  }

  private static Path state(Path folder, String text) throws IOException {
    Files.createDirectory(folder);
    Files.writeString(folder.resolve("a"), text);
    return folder;
  }

  @ParameterizedTest
  @EnumSource(names = {"IO_ERROR", "INTERRUPTED"})
  void aFolderThatCannotBeReplacedIsBackAtOnce(Fault fault) throws IOException {
    boolean struck = true;
    int failures = 0;
    for (int call = 0; struck; call++) {
      Path folder = next();
      state(folder.resolve("state"), "old");
      Path hidden = state(AtomicFolders.hidden(folder.resolve("state")), "new");
      Path target = over(folder).failing(fault, call).folder().resolve("state");
      boolean failed = false;
      try {
        AtomicFolders.publish(target.resolveSibling(hidden.getFileName().toString()), target);
      } catch (IOException e) {
        failed = true;
        failures++;
      } finally {
        // The flag of an injected interrupt.
        Thread.interrupted();
      }
      struck = disk.hasStruck();
      assertThat(folder.resolve("state/a"))
          .as("call %d, %s", call, disk.failed())
          .hasContent(failed ? "old" : "new");
      if (failed) {
        assertThat(hidden.resolve("a")).as("call %d", call).hasContent("new");
      }
    }
    assertThat(failures).isGreaterThan(2);
  }

  @Test
  void ofNewFilesThatBelongTogetherNoneIsLeft() throws IOException {
    boolean struck = true;
    int failures = 0;
    for (int call = 0; struck; call++) {
      Path folder = next();
      over(folder).failing(Fault.IO_ERROR, call);
      try (FileTransaction transaction = new FileTransaction()) {
        for (String name : List.of("a", "b", "config")) {
          Files.writeString(transaction.stage(disk.folder().resolve(name)), "new");
        }
        transaction.commit();
        assertThat(names(folder)).containsExactly("a", "b", "config");
      } catch (IOException e) {
        failures++;
        // What could not be deleted is not asked for again.
        if (disk.failed() != DiskCall.DELETE) {
          assertThat(names(folder)).filteredOn(name -> !name.startsWith(".")).isEmpty();
        }
      }
      struck = disk.hasStruck();
    }
    assertThat(failures).isGreaterThan(10);
  }

  @Test
  void whatCannotBePutBackIsToldWithTheFailure() throws IOException {
    boolean struck = true;
    int told = 0;
    for (int call = 0; struck; call++) {
      Path folder = next();
      Files.writeString(folder.resolve("a"), "old");
      Files.writeString(folder.resolve("config"), "old");
      over(folder).failing(Fault.READ_ONLY, call);
      try (FileTransaction transaction = new FileTransaction()) {
        Files.writeString(transaction.stage(disk.folder().resolve("a")), "new");
        Files.writeString(transaction.stage(disk.folder().resolve("config")), "new");
        transaction.commit();
      } catch (IOException e) {
        boolean changed = !names(folder).contains("config");
        assertThat(e.getSuppressed().length > 0).as("call %d", call).isEqualTo(changed);
        told += changed ? 1 : 0;
      }
      struck = disk.hasStruck();
    }
    assertThat(told).isPositive();
  }

  @Test
  void filesThatAnotherProcessDeletesMeanwhileAreWrittenAllTheSame() throws IOException {
    int calls = Integer.MAX_VALUE;
    for (int call = 0; call < calls; call++) {
      Path folder = next();
      List<Path> old = List.of(folder.resolve("a"), folder.resolve("config"), folder.resolve("b"));
      for (Path file : old) {
        Files.writeString(file, "old");
      }
      over(folder).before(call, () -> deleteThoseThatAreOld(old));
      try (FileTransaction transaction = new FileTransaction()) {
        Files.writeString(transaction.stage(disk.folder().resolve("a")), "new");
        Files.writeString(transaction.stage(disk.folder().resolve("config")), "new");
        transaction.delete(disk.folder().resolve("b"));
        transaction.commit();
      }
      assertThat(names(folder)).as("call %d", call).containsExactly("a", "config");
      assertThat(folder.resolve("a")).hasContent("new");
      assertThat(folder.resolve("config")).hasContent("new");
      calls = disk.calls().size();
    }
    assertThat(calls).isGreaterThan(20);
  }

  private static void deleteThoseThatAreOld(List<Path> files) throws IOException {
    for (Path file : files) {
      if (Files.exists(file) && Files.readString(file).equals("old")) {
        Files.delete(file);
      }
    }
  }

  @Test
  void whatIsTornIsTakenAwayBeforeTheNextIsAppended() throws IOException {
    for (String before : List.of("", "before\n")) {
      for (Fault fault : List.of(Fault.PARTLY_IO_ERROR, Fault.IO_ERROR)) {
        Path file = next().resolve("log");
        Files.writeString(file, before);
        try (WholeAppends appends = appends(file)) {
          disk.failing(fault, nextCall());
          assertThatIOException()
              .isThrownBy(() -> appends.append("torn\n".getBytes(StandardCharsets.UTF_8)));
          assertThat(Files.readString(file)).isEqualTo(before);
          appends.append("whole\n".getBytes(StandardCharsets.UTF_8));
        }
        assertThat(Files.readString(file)).isEqualTo(before + "whole\n");
      }
    }
  }

  @Test
  void whatCouldNotBeTakenAwayIsTakenAwayBeforeTheNextIsAppended() throws IOException {
    for (String before : List.of("", "before\n")) {
      Path file = next().resolve("log");
      Files.writeString(file, before);
      try (WholeAppends appends = appends(file)) {
        disk.failing(Fault.READ_ONLY, nextCall());
        assertThatIOException()
            .isThrownBy(() -> appends.append("torn\n".getBytes(StandardCharsets.UTF_8)))
            .satisfies(e -> assertThat(e.getSuppressed()).hasSize(1));
        // A part had arrived all the same.
        Files.writeString(file, before + "to");
        disk.failing(Fault.IO_ERROR, Integer.MAX_VALUE);
        appends.append("whole\n".getBytes(StandardCharsets.UTF_8));
      }
      assertThat(Files.readString(file)).isEqualTo(before + "whole\n");
    }
  }

  private int nextCall() {
    return disk.calls().size();
  }

  private WholeAppends appends(Path file) throws IOException {
    return new WholeAppends(
        FileChannel.open(over(file.getParent()).folder().resolve("log"), StandardOpenOption.WRITE));
  }

  @Test
  void aShortWriteIsContinued() throws IOException {
    Path file = next().resolve("log");
    Files.writeString(file, "before\n");
    try (WholeAppends appends = appends(file)) {
      disk.failing(Fault.SHORT_WRITE, nextCall());
      appends.append("a longer line\n".getBytes(StandardCharsets.UTF_8));
      assertThat(disk.hasStruck()).isTrue();
      assertThat(appends.isOpen()).isTrue();
    }
    assertThat(Files.readString(file)).isEqualTo("before\na longer line\n");
  }

  @Test
  void whatIsAppendedIsForcedAndTheFileClosed() throws IOException {
    Path file = Files.createFile(next().resolve("log"));
    WholeAppends appends = appends(file);
    appends.append(new byte[10]);
    assertThat(disk.calls()).doesNotContain(DiskCall.FORCE);
    appends.force(false);
    assertThat(disk.calls()).contains(DiskCall.FORCE);
    appends.close();
    assertThat(appends.isOpen()).isFalse();
  }

  @Test
  void linesAppendedFastAreForcedTogetherAndTheLastOnesByClosing() throws IOException {
    Path log = over(next()).folder().resolve("sub/log");
    try (AppendedLines lines = AppendedLines.open(log, line -> {})) {
      lines.append("first");
      int forced = forces();
      assertThat(disk.calls()).endsWith(DiskCall.WRITE, DiskCall.FORCE);
      int count = 200;
      for (int i = 0; i < count; i++) {
        lines.append("line");
      }
      assertThat(forces() - forced).isLessThan(count);
      lines.append("last");
    }
    assertThat(disk.calls().lastIndexOf(DiskCall.FORCE))
        .isGreaterThan(disk.calls().lastIndexOf(DiskCall.WRITE));
    int forced = forces();
    AppendedLines.open(log, line -> {}).close();
    assertThat(forces()).as("nothing was appended").isEqualTo(forced);
  }

  private int forces() {
    return Collections.frequency(disk.calls(), DiskCall.FORCE);
  }

  @Test
  void theNameOfANewFileOfLinesIsForced() throws IOException {
    over(next());
    AppendedLines.open(disk.folder().resolve("log"), line -> {}).close();
    int forced = forces();
    assertThat(forced).isPositive();
    AppendedLines.open(disk.folder().resolve("log"), line -> {}).close();
    assertThat(forces()).isEqualTo(forced);
  }

  @Test
  void whatCannotBeLookedAtIsNotSwept() throws IOException {
    String uuid = ".0c6e9a9c-0d8e-4f7e-8b0c-3b8d7a1f2e4d";
    boolean struck = true;
    int looks = 0;
    for (int call = 0; struck; call++) {
      Path left = Files.createFile(next().resolve(".a" + uuid + ".tmp"));
      over(left.getParent()).failing(Fault.IO_ERROR, call);
      Temporaries.sweepOlderThan(disk.folder(), Duration.ofHours(-1));
      struck = disk.hasStruck();
      assertThat(Files.exists(left)).as("call %d", call).isEqualTo(struck);
      looks += struck && disk.failed() == DiskCall.STAT ? 1 : 0;
    }
    assertThat(looks).isPositive();
  }

  @Test
  void aCopyIsWholeOrTheTargetUnchanged() throws IOException {
    boolean struck = true;
    for (int call = 0; struck; call++) {
      Path folder = next();
      Files.write(folder.resolve("from"), new byte[3000]);
      Files.writeString(folder.resolve("to"), "old");
      over(folder).failing(Fault.IO_ERROR, call);
      boolean failed = false;
      try {
        AtomicFiles.copy(disk.folder().resolve("from"), disk.folder().resolve("to"));
      } catch (IOException e) {
        failed = true;
      }
      struck = disk.hasStruck();
      assertThat(Files.size(folder.resolve("to"))).isEqualTo(failed ? 3 : 3000);
    }
  }
}
