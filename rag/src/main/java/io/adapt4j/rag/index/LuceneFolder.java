package io.adapt4j.rag.index;

import com.google.common.base.Throwables;
import java.io.EOFException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.UncheckedIOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.apache.lucene.index.CorruptIndexException;
import org.apache.lucene.index.DirectoryReader;
import org.apache.lucene.index.IndexFileNames;
import org.apache.lucene.index.IndexFormatTooNewException;
import org.apache.lucene.index.IndexFormatTooOldException;
import org.apache.lucene.index.SegmentInfos;
import org.apache.lucene.store.Directory;
import org.apache.lucene.store.LockObtainFailedException;
import org.apache.lucene.util.ThreadInterruptedException;

/** The folder of a Lucene index, with checks of its content and explanations of its errors. */
record LuceneFolder(Path path) {

  /** Files left by a crash during creation, before the index has content. */
  private static final Set<String> UNFINISHED = Set.of("write.lock", "pending_segments_1");

  /** File extensions of Lucene's codecs. */
  private static final Set<String> CODEC_ENDINGS =
      Set.of(
          "cfe", "cfs", "dii", "dim", "doc", "dvd", "dvm", "fdm", "fdt", "fdx", "fnm", "kdd", "kdi",
          "kdm", "liv", "nvd", "nvm", "pay", "pos", "psm", "si", "tim", "tip", "tmd", "tmp", "tvd",
          "tvm", "tvx", "vec", "vem", "vemf", "vemq", "veq", "vex");

  /** Checks the folder before it is read or written. */
  boolean check(Directory directory, IndexIdentity identity) throws IOException {
    if (!DirectoryReader.indexExists(directory)) {
      requireNoFiles();
      return false;
    }
    SegmentInfos commit = SegmentInfos.readLatestCommit(directory);
    identity.check(name(), commit.getUserData());
    Set<String> missing = new TreeSet<>(commit.files(true));
    missing.removeAll(List.of(directory.listAll()));
    if (!missing.isEmpty()) {
      throw new CorruptIndexException("its files " + missing + " are missing", name());
    }
    return true;
  }

  /**
   * Checks that writing deletes no foreign files: Lucene removes files that look like its own but
   * belong to no commit.
   */
  void requireNoForeignFiles(Directory directory) throws IOException {
    Set<String> known = Set.copyOf(SegmentInfos.readLatestCommit(directory).files(true));
    for (String file : directory.listAll()) {
      boolean deleted =
          IndexFileNames.CODEC_FILE_PATTERN.matcher(file).matches() && !known.contains(file);
      if (deleted && !CODEC_ENDINGS.contains(ending(file))) {
        throw new IllegalStateException(
            ("%s: holds %s, which is no file of the index and which Lucene would delete for"
                    + " its name; move it to another folder")
                .formatted(name(), file));
      }
    }
  }

  private void requireNoFiles() throws IOException {
    List<String> others;
    try (Stream<Path> files = Files.list(path)) {
      others =
          files
              .map(file -> file.getFileName().toString())
              .filter(file -> !UNFINISHED.contains(file))
              .sorted()
              .toList();
    }
    if (others.stream().anyMatch(LuceneFolder::isLucene)) {
      throw new IllegalStateException(
          name()
              + ": holds files of an index ("
              + some(others)
              + ") but not the file segments_N that names them, as after a copy that was not"
              + " finished; nothing was changed. Copy that file too, restore a whole backup, or"
              + " empty the folder and index the documents again");
    }
    if (!others.isEmpty()) {
      throw new IllegalStateException(
          name() + ": holds " + some(others) + " but no index; name an empty or new folder");
    }
  }

  private static boolean isLucene(String file) {
    return file.startsWith("pending_segments_")
        || (IndexFileNames.CODEC_FILE_PATTERN.matcher(file).matches()
            && CODEC_ENDINGS.contains(ending(file)));
  }

  private static String ending(String file) {
    return file.substring(file.lastIndexOf('.') + 1);
  }

  private static String some(List<String> files) {
    int more = files.size() - 3;
    return more > 0
        ? String.join(", ", files.subList(0, 3)) + " and " + more + " more"
        : String.join(", ", files);
  }

  String name() {
    return "index " + path;
  }

  /** Explains a failure and its remedy. */
  RuntimeException explained(Exception failure, String consequence) {
    String detail = " (" + failure.getMessage() + ")" + consequence;
    if (failure instanceof LockObtainFailedException) {
      return new IllegalStateException(
          name()
              + ": another process, or another object of this one, has it open for writing; close"
              + " that one, or open this one with openForReading()",
          failure);
    }
    if (failure instanceof IndexFormatTooOldException
        || failure instanceof IndexFormatTooNewException) {
      return new IllegalStateException(
          name()
              + ": was written by a version of Lucene that this one does not read; delete it and"
              + " index the documents again, or use the version that wrote it"
              + detail,
          failure);
    }
    return new UncheckedIOException(
        name() + meaning(failure) + detail,
        failure instanceof IOException io ? io : new IOException(failure));
  }

  private String meaning(Exception failure) {
    if (isDiskFull(failure)) {
      return ": the disk is full" + usable() + "; free some space";
    }
    if (causes(
        failure,
        ClosedByInterruptException.class,
        InterruptedIOException.class,
        ThreadInterruptedException.class)) {
      return ": a thread of the index was interrupted while it read or wrote a file";
    }
    boolean damaged =
        causes(
            failure,
            CorruptIndexException.class,
            EOFException.class,
            NoSuchFileException.class,
            FileNotFoundException.class,
            IndexOutOfBoundsException.class);
    return damaged
        ? ": is damaged; restore it, or delete it and index the documents again"
        : ": cannot be read or written; see to the folder's permissions and its disk";
  }

  private String usable() {
    try {
      return " (" + (Files.getFileStore(path).getUsableSpace() >> 20) + " MB left)";
    } catch (IOException e) {
      return "";
    }
  }

  /** Returns whether a disk is full, by message, as Java has no exception type for it. */
  private static boolean isDiskFull(Throwable failure) {
    return Throwables.getCausalChain(failure).stream()
        .flatMap(cause -> Stream.concat(Stream.of(cause), Arrays.stream(cause.getSuppressed())))
        .map(cause -> String.valueOf(cause.getMessage()).toLowerCase(Locale.ROOT))
        .anyMatch(
            text ->
                text.contains("no space left")
                    || text.contains("not enough space")
                    || text.contains("disk quota exceeded")
                    || text.contains("disk full"));
  }

  private static boolean causes(Throwable failure, Class<?>... kinds) {
    return Throwables.getCausalChain(failure).stream()
        .anyMatch(cause -> Arrays.stream(kinds).anyMatch(kind -> kind.isInstance(cause)));
  }
}
