package io.adapt4j.core.internal;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.SocketTimeoutException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileLockInterruptionException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.ReadOnlyFileSystemException;
import java.util.Locale;
import java.util.function.Predicate;
import java.util.regex.Pattern;

/** Explains why a file could not be written and what to do about it. */
public final class WriteFailure {

  private static final Pattern FULL =
      Pattern.compile(
          "no space left|not enough space|disk quota exceeded|disk full", Pattern.CASE_INSENSITIVE);
  private static final Pattern DENIED =
      Pattern.compile("read-only file system|permission denied", Pattern.CASE_INSENSITIVE);
  private static final Pattern OTHER_KIND =
      Pattern.compile("is a directory|not a directory|is a folder", Pattern.CASE_INSENSITIVE);
  private static final Pattern IN_USE =
      Pattern.compile(
          "open or mapped|being used by another process|user-mapped section",
          Pattern.CASE_INSENSITIVE);
  private static final int DEEPEST = 20;

  private WriteFailure() {}

  /**
   * Explains a failure: an interrupted thread, a full disk, missing permissions, a file in use, or
   * another cause.
   */
  public static String explain(Path target, Throwable cause) {
    if (isInterrupt(cause)) {
      return "the thread that was writing was interrupted, which is not a fault of the disk; run it"
          + " again without interrupting the thread";
    }
    if (isFull(cause)) {
      return ("the disk is full (%s): %s are free in %s. Free some space, or choose a folder on"
              + " another disk")
          .formatted(text(root(cause)), free(target), existing(target));
    }
    if (any(cause, e -> e instanceof IOException && IN_USE.matcher(text(e)).find())) {
      return root(cause) + ". Close models that were loaded from it, or name another path";
    }
    if (isDenied(cause)) {
      return root(cause) + ". Check the permissions of " + existing(target);
    }
    if (isOther(cause)) {
      return root(cause) + ". Name another path";
    }
    return "%s. Check free space and permissions: %s are free in %s"
        .formatted(root(cause), free(target), existing(target));
  }

  /** Returns whether a failure was caused by an interrupt of the thread. */
  public static boolean isInterrupt(Throwable failure) {
    return any(
        failure,
        cause ->
            cause instanceof ClosedByInterruptException
                || cause instanceof FileLockInterruptionException
                || cause instanceof InterruptedException
                || (cause instanceof InterruptedIOException
                    && !(cause instanceof SocketTimeoutException)));
  }

  private static boolean isFull(Throwable failure) {
    return any(failure, cause -> cause instanceof IOException && FULL.matcher(text(cause)).find());
  }

  private static boolean isDenied(Throwable failure) {
    return any(
        failure,
        cause ->
            cause instanceof AccessDeniedException
                || cause instanceof ReadOnlyFileSystemException
                || (cause instanceof IOException && DENIED.matcher(text(cause)).find()));
  }

  /** Returns whether there is a file instead of a folder, or a folder instead of a file. */
  private static boolean isOther(Throwable failure) {
    return any(
        failure,
        cause ->
            cause instanceof FileAlreadyExistsException
                || cause instanceof NotDirectoryException
                || cause instanceof DirectoryNotEmptyException
                || (cause instanceof IOException && OTHER_KIND.matcher(text(cause)).find()));
  }

  private static String text(Throwable cause) {
    return cause.getMessage() == null ? "" : cause.getMessage();
  }

  private static boolean any(Throwable failure, Predicate<Throwable> predicate) {
    Throwable cause = failure;
    for (int depth = 0; cause != null && depth < DEEPEST; depth++) {
      if (predicate.test(cause)) {
        return true;
      }
      cause = cause.getCause();
    }
    return false;
  }

  private static Throwable root(Throwable failure) {
    Throwable root = failure;
    for (int depth = 0; root.getCause() != null && depth < DEEPEST; depth++) {
      root = root.getCause();
    }
    return root;
  }

  private static String free(Path target) {
    try {
      return String.format(
          Locale.ROOT, "%,d bytes", Files.getFileStore(existing(target)).getUsableSpace());
    } catch (IOException e) {
      return "an unknown number of bytes";
    }
  }

  private static Path existing(Path target) {
    Path at = target.toAbsolutePath();
    while (at.getParent() != null && !Files.isDirectory(at)) {
      at = at.getParent();
    }
    return at;
  }
}
