package io.adapt4j.core.internal;

import static io.adapt4j.core.Refusals.refuses;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.UncheckedIOException;
import java.net.SocketTimeoutException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileLockInterruptionException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.ReadOnlyFileSystemException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WriteFailureTest {

  @TempDir Path folder;

  private String explained(Exception cause) {
    return WriteFailure.explain(folder.resolve("not/there/yet"), cause);
  }

  @Test
  void aFullDiskIsSaidWithItsFreeBytes() {
    assertThat(explained(new UncheckedIOException(new IOException("No space left on device"))))
        .contains("the disk is full")
        .containsPattern("[\\d,]+ bytes are free in " + folder)
        .contains("Free some space");
    assertThat(explained(new FileSystemException("x", null, "Disk quota exceeded")))
        .contains("the disk is full");
  }

  @Test
  void anInterruptIsNotBlamedOnTheDisk() {
    assertThat(explained(new IllegalStateException("x", new ClosedByInterruptException())))
        .contains("interrupted")
        .doesNotContain("space", "permissions");
    assertThat(WriteFailure.isInterrupt(new SocketTimeoutException())).isFalse();
  }

  @Test
  void missingPermissionsAreNotBlamedOnTheSpaceLeft() {
    assertThat(explained(new AccessDeniedException("x")))
        .contains("permissions")
        .doesNotContain("bytes are free");
    assertThat(explained(new IOException("Read-only file system"))).contains("permissions");
  }

  @Test
  void anythingElseIsSaidAsItIs() {
    assertThat(explained(new IOException("Input/output error")))
        .contains("Input/output error", "bytes are free");
  }

  @Test
  void aFileInTheWayIsNotBlamedOnTheSpaceLeft() throws IOException {
    Path kept = Files.createDirectory(folder.resolve("kept"));
    Path link = Files.createSymbolicLink(folder.resolve("link"), kept);
    refuses(IOException.class, () -> AtomicFiles.writeText(link, "text"), "is a folder");
    assertThat(link).isSymbolicLink();
    assertThat(WriteFailure.explain(kept, new FileAlreadyExistsException("kept")))
        .doesNotContain("free space")
        .endsWith("Name another path");
  }

  @Test
  void everyKindOfInterruptIsKnown() {
    for (Exception interrupt :
        List.of(
            new ClosedByInterruptException(),
            new FileLockInterruptionException(),
            new InterruptedException(),
            new InterruptedIOException())) {
      assertThat(explained(interrupt)).as("%s", interrupt).contains("was interrupted");
    }
    assertThat(WriteFailure.isInterrupt(new IOException())).isFalse();
  }

  @Test
  void everyKindOfMissingPermissionIsKnown() {
    for (Exception denied :
        List.of(
            new AccessDeniedException("x"),
            new ReadOnlyFileSystemException(),
            new IOException("Permission denied"))) {
      assertThat(explained(denied))
          .as("%s", denied)
          .startsWith(denied.toString())
          .endsWith(". Check the permissions of " + folder);
    }
    assertThat(explained(new IllegalStateException("permission denied by a person")))
        .contains("bytes are free");
  }

  @Test
  void theFirstCauseIsSaid() {
    Exception cause = new IOException("Input/output error");
    assertThat(explained(new IllegalStateException("saving", new IOException("x", cause))))
        .startsWith(cause + ". Check free space");
    assertThat(explained(new IOException((String) null))).startsWith("java.io.IOException. Check");
  }

  @Test
  void causesThatGoInACircleEnd() {
    Exception first = new IOException("first");
    Exception second = new IOException("second", first);
    first.initCause(second);
    assertThat(explained(first)).contains("bytes are free");
    assertThat(explained(nested(19))).contains("the disk is full");
    assertThat(explained(nested(20))).contains("Check free space");
  }

  private static Exception nested(int depth) {
    Exception failure = new IOException("No space left on device");
    for (int i = 0; i < depth; i++) {
      failure = new IllegalStateException("saving", failure);
    }
    return failure;
  }
}
