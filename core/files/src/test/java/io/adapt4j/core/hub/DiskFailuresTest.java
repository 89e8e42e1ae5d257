package io.adapt4j.core.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class DiskFailuresTest {

  private static final Path FILE = Path.of("a", "file");

  static IOException[] namedAlready() {
    return new IOException[] {
      new NoSuchFileException("b"),
      new InterruptedIOException("stopped"),
      new ClosedByInterruptException()
    };
  }

  @ParameterizedTest
  @MethodSource("namedAlready")
  void failuresThatNameAFileOrAnInterruptAreLeftAlone(IOException failure) {
    assertThat(catchThrowable(() -> DiskFailures.run(FILE, () -> raise(failure))))
        .isSameAs(failure);
  }

  @Test
  void otherFailuresNameTheFile() {
    IOException failure = new IOException("No space left on device");
    assertThatExceptionOfType(FileSystemException.class)
        .isThrownBy(() -> DiskFailures.run(FILE, () -> raise(failure)))
        .withMessage(FILE + ": No space left on device")
        .withCause(failure);
  }

  @Test
  void whatIsReadIsReturned() throws IOException {
    assertThat(DiskFailures.<String>call(FILE, () -> "text")).isEqualTo("text");
  }

  private static void raise(IOException failure) throws IOException {
    throw failure;
  }
}
