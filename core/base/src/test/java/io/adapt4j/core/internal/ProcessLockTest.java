package io.adapt4j.core.internal;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(180)
class ProcessLockTest {

  @TempDir Path folder;

  /** Takes the lock if it can, says whether, and waits. */
  static final class Taking {
    private Taking() {}

    public static void main(String[] arguments) throws IOException {
      Optional<ProcessLock> lock = ProcessLock.tryTake(Path.of(arguments[0]));
      System.out.println(lock.isPresent() ? "taken" : "refused");
      int unused = System.in.read();
      lock.ifPresent(ProcessLock::close);
    }
  }

  @Test
  void anotherProcessIsRefusedUntilTheLockIsGivenUp() throws Exception {
    Path file = folder.resolve(".lock");
    ProcessLock lock = ProcessLock.tryTake(file).orElseThrow();
    assertThat(answerOfAnotherProcess(file)).isEqualTo("refused");
    lock.close();
    assertThat(file).doesNotExist();
    assertThat(answerOfAnotherProcess(file)).isEqualTo("taken");
  }

  /** On POSIX systems closing a second channel of the file would give the lock up. */
  @Test
  void anAttemptInTheSameProcessDoesNotGiveTheLockUp() throws Exception {
    Path file = folder.resolve(".lock");
    try (ProcessLock lock = ProcessLock.tryTake(file).orElseThrow()) {
      assertThat(ProcessLock.tryTake(file)).isEmpty();
      assertThat(ProcessLock.tryTake(folder.resolve("../" + folder.getFileName() + "/.lock")))
          .isEmpty();
      assertThat(answerOfAnotherProcess(file)).isEqualTo("refused");
    }
    ProcessLock.tryTake(file).orElseThrow().close();
  }

  @Test
  void theLockOfAKilledProcessIsTakenOver() throws Exception {
    Path file = folder.resolve(".lock");
    try (Child child = new Child(Taking.class, file)) {
      assertThat(child.line()).isEqualTo("taken");
      assertThat(ProcessLock.tryTake(file)).isEmpty();
      assertThat(file).exists();
      child.kill();
    }
    assertThat(file).exists();
    ProcessLock.tryTake(file).orElseThrow().close();
    assertThat(file).doesNotExist();
  }

  @Test
  void aFileThatSomebodyElseMadeSinceIsLeftToHim() throws Exception {
    Path file = folder.resolve(".lock");
    ProcessLock lock = ProcessLock.tryTake(file).orElseThrow();
    Files.delete(file);
    try (Child child = new Child(Taking.class, file)) {
      assertThat(child.line()).isEqualTo("taken");
      lock.close();
      assertThat(file).exists();
      assertThat(answerOfAnotherProcess(file)).isEqualTo("refused");
    }
  }

  private static String answerOfAnotherProcess(Path file) throws Exception {
    try (Child child = new Child(Taking.class, file)) {
      String answer = child.line();
      child.go();
      child.end();
      return answer;
    }
  }

  /** Takes and gives up the lock again and again, and looks whether it is alone in between. */
  static final class Competing {
    private Competing() {}

    public static void main(String[] arguments) throws IOException {
      Path folder = Path.of(arguments[0]);
      int turns = 0;
      long end = System.nanoTime() + 5_000_000_000L;
      while (System.nanoTime() < end) {
        Optional<ProcessLock> lock = ProcessLock.tryTake(folder.resolve(".lock"));
        if (lock.isPresent()) {
          try {
            Files.createFile(folder.resolve("inside"));
            long unused = Files.size(folder.resolve("inside"));
            Files.delete(folder.resolve("inside"));
          } catch (FileAlreadyExistsException | NoSuchFileException e) {
            System.out.println("two at a time");
            Runtime.getRuntime().halt(1);
          }
          lock.get().close();
          turns++;
        }
      }
      System.out.println(turns);
    }
  }

  @Test
  void processesThatTakeAndDeleteTheFileInTurnNeverHaveItTogether() throws Exception {
    List<Child> children = new ArrayList<>();
    try {
      for (int i = 0; i < 4; i++) {
        children.add(new Child(Competing.class, folder));
      }
      for (Child child : children) {
        assertThat(child.line()).matches("[1-9]\\d*");
        assertThat(child.end()).isZero();
      }
    } finally {
      for (Child child : children) {
        child.close();
      }
    }
    assertThat(folder).isEmptyDirectory();
  }
}
