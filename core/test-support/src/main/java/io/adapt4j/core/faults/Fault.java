package io.adapt4j.core.faults;

import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Path;

/** Failure of a call, and of the calls after it. */
enum Fault {
  /** The disk is full from this call on; deleting works. */
  NO_SPACE(true) {
    @Override
    boolean hits(DiskCall call) {
      return call.takesSpace();
    }

    @Override
    IOException error(DiskCall call, Path file) {
      return failure(call, file, "No space left on device");
    }
  },
  /** Half of a write fits, and nothing after it. */
  PARTLY_NO_SPACE(true) {
    @Override
    boolean hits(DiskCall call) {
      return call == DiskCall.WRITE;
    }

    @Override
    IOException error(DiskCall call, Path file) {
      return failure(call, file, "No space left on device");
    }
  },
  /** A write takes half of its bytes and says so. */
  SHORT_WRITE(false) {
    @Override
    boolean hits(DiskCall call) {
      return call == DiskCall.WRITE;
    }

    @Override
    IOException error(DiskCall call, Path file) {
      throw new AssertionError("a short write is no error");
    }
  },
  /** Half of a write arrives, then the device fails once. */
  PARTLY_IO_ERROR(false) {
    @Override
    boolean hits(DiskCall call) {
      return call == DiskCall.WRITE;
    }

    @Override
    IOException error(DiskCall call, Path file) {
      return failure(call, file, "Input/output error");
    }
  },
  /** The device fails once. */
  IO_ERROR(false) {
    @Override
    boolean hits(DiskCall call) {
      return true;
    }

    @Override
    IOException error(DiskCall call, Path file) {
      return failure(call, file, "Input/output error");
    }
  },
  /** The system makes the disk read-only, as Linux does after an error. */
  READ_ONLY(true) {
    @Override
    boolean hits(DiskCall call) {
      return call.changes();
    }

    @Override
    IOException error(DiskCall call, Path file) {
      return failure(call, file, "Read-only file system");
    }
  },
  /** The thread is interrupted. */
  INTERRUPTED(false) {
    @Override
    boolean hits(DiskCall call) {
      return call.isOfChannel();
    }

    @Override
    IOException error(DiskCall call, Path file) {
      Thread.currentThread().interrupt();
      return new ClosedByInterruptException();
    }
  },
  /** Permissions forbid it, once. */
  DENIED(false) {
    @Override
    boolean hits(DiskCall call) {
      return call.isDenied();
    }

    @Override
    IOException error(DiskCall call, Path file) {
      return new AccessDeniedException(file.toString());
    }
  },
  /** Nothing works any more. What was not forced may be lost. */
  POWER_CUT(true) {
    @Override
    boolean hits(DiskCall call) {
      return call.changes();
    }

    @Override
    IOException error(DiskCall call, Path file) {
      return new IOException("the power is off");
    }
  };

  private final boolean lasting;

  Fault(boolean lasting) {
    this.lasting = lasting;
  }

  /** Whether it lasts after its first call. */
  boolean lasts() {
    return lasting;
  }

  /** Whether it can happen at such a call. */
  abstract boolean hits(DiskCall call);

  abstract IOException error(DiskCall call, Path file);

  private static IOException failure(DiskCall call, Path file, String text) {
    return call.isOfChannel()
        ? new IOException(text)
        : new FileSystemException(file.toString(), null, text);
  }
}
