package io.adapt4j.core.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.reflect.Proxy;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What Windows does otherwise, as far as it shows on other systems. */
class WindowsFilesTest {

  @TempDir private Path folder;

  private final AtomicInteger attempts = new AtomicInteger();

  /** A move that is refused some times. */
  private Disk.Move refused(int times, FileSystemException failure) {
    return (from, to) -> {
      if (attempts.incrementAndGet() <= times) {
        throw failure;
      }
    };
  }

  @Test
  void aFileThatIsHeldForAMomentIsWaitedFor() throws IOException {
    Path to = folder.resolve("b");
    Disk.moveWhenFree(folder.resolve("a"), to, refused(2, new AccessDeniedException("b")));
    assertThat(attempts).hasValue(3);
  }

  @Test
  void oneThatStaysHeldIsNamedWithItsRemedy() throws IOException {
    Path to = Files.writeString(folder.resolve("model.safetensors"), "mapped");
    assertThatThrownBy(
            () ->
                Disk.moveWhenFree(
                    folder.resolve("a"), to, refused(99, new AccessDeniedException("x"))))
        .isInstanceOf(FileSystemException.class)
        .hasMessageContaining(to + ": a program has it open or mapped")
        .satisfies(
            e ->
                assertThat(WriteFailure.explain(to, e))
                    .contains("Windows does not replace it", "Close models that were loaded")
                    .doesNotContain("permissions of"));
    assertThat(attempts).hasValue(8);
  }

  @Test
  void whatWaitingCannotHelpFailsAtOnce() throws IOException {
    Path to = Files.createDirectory(folder.resolve("published"));
    assertThatThrownBy(
            () ->
                Disk.moveWhenFree(
                    folder.resolve("a"), to, refused(99, new AccessDeniedException("x"))))
        .isInstanceOf(AccessDeniedException.class);
    assertThatThrownBy(
            () ->
                Disk.moveWhenFree(
                    folder.resolve("a"),
                    folder.resolve("b"),
                    refused(99, new NoSuchFileException("a"))))
        .isInstanceOf(NoSuchFileException.class);
    assertThat(attempts).hasValue(2);
  }

  @Test
  void whatLinksLeadToIsNotDeleted() throws IOException {
    Path kept = Files.createDirectories(folder.resolve("kept/below"));
    Path doomed = Files.createDirectories(folder.resolve("doomed/below"));
    Files.createSymbolicLink(doomed.resolve("link"), kept.getParent());
    TreeDeletion.byPath(folder.resolve("doomed"));
    assertThat(folder.resolve("doomed")).doesNotExist();
    assertThat(kept).exists();
  }

  private static BasicFileAttributes attributes(boolean directory, boolean other) {
    return (BasicFileAttributes)
        Proxy.newProxyInstance(
            WindowsFilesTest.class.getClassLoader(),
            new Class<?>[] {BasicFileAttributes.class},
            (proxy, method, arguments) ->
                switch (method.getName()) {
                  case "isDirectory" -> directory;
                  case "isOther" -> other;
                  default -> throw new IllegalStateException(method.getName());
                });
  }

  @Test
  void junctionsAreNotEntered() {
    assertThat(TreeDeletion.isEntered(attributes(true, false))).isTrue();
    assertThat(TreeDeletion.isEntered(attributes(true, true))).isFalse();
    assertThat(TreeDeletion.isEntered(attributes(false, true))).isFalse();
  }
}
