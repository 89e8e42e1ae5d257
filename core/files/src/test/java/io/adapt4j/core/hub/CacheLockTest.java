package io.adapt4j.core.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class CacheLockTest {

  @TempDir Path folder;

  /** Another process: takes the lock, says so, and keeps it until it is ended. */
  static final class Holder {
    private Holder() {}

    public static void main(String[] args) throws IOException {
      try (CacheLock lock = CacheLock.acquire(Path.of(args[0]))) {
        System.out.println("locked");
        int unused = System.in.read();
      }
    }
  }

  @Test
  void aLockOfAnotherProcessIsWaitedForAndEndsWithIt() throws Exception {
    Path file = folder.resolve("models--acme--tiny/abc.lock");
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "-cp",
                System.getProperty("java.class.path"),
                Holder.class.getName(),
                file.toString())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    try (BufferedReader output =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
      assertThat(output.readLine()).isEqualTo("locked");
      CompletableFuture<Void> acquired = CompletableFuture.runAsync(() -> lockAndRelease(file));
      assertThat(acquired)
          .as("while the other process has the lock")
          .failsWithin(300, TimeUnit.MILLISECONDS);

      process.destroyForcibly();

      assertThat(acquired).succeedsWithin(10, TimeUnit.SECONDS);
    } finally {
      process.destroyForcibly();
    }
  }

  @Test
  void aLockOfAnotherThreadIsWaitedFor() throws IOException {
    Path file = folder.resolve("models--acme--tiny/abc.lock");
    CompletableFuture<Void> acquired;
    try (CacheLock lock = CacheLock.acquire(file)) {
      acquired = CompletableFuture.runAsync(() -> lockAndRelease(file));
      assertThat(acquired).failsWithin(300, TimeUnit.MILLISECONDS);
    }
    assertThat(acquired).succeedsWithin(10, TimeUnit.SECONDS);
  }

  @Test
  void whoIsInterruptedWhileWaitingStopsAndKeepsTheFlag() throws Exception {
    Path file = folder.resolve("models--acme--tiny/abc.lock");
    try (CacheLock lock = CacheLock.acquire(file)) {
      CompletableFuture<String> end = new CompletableFuture<>();
      Thread waiting =
          new Thread(
              () -> {
                try {
                  CacheLock.acquire(file).close();
                  end.complete("locked");
                } catch (IOException e) {
                  end.complete(
                      e.getClass().getSimpleName() + " " + Thread.currentThread().isInterrupted());
                }
              });
      waiting.start();
      waiting.interrupt();
      assertThat(end.get(10, TimeUnit.SECONDS)).isEqualTo("InterruptedIOException true");
    }
    lockAndRelease(file);
  }

  @Test
  void aLockThatCannotBeOpenedIsHeldByNobody() throws Exception {
    Path file = folder.resolve("abc.lock");
    Files.createSymbolicLink(file, folder.resolve("elsewhere"));
    assertThatIOException().isThrownBy(() -> CacheLock.acquire(file));
    Files.delete(file);

    assertThat(CompletableFuture.runAsync(() -> lockAndRelease(file)))
        .succeedsWithin(10, TimeUnit.SECONDS);
  }

  private static void lockAndRelease(Path file) {
    try {
      CacheLock.acquire(file).close();
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }
}
