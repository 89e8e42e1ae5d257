package io.adapt4j.core.internal;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.SocketTimeoutException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
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
}
