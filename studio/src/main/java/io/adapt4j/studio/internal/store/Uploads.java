package io.adapt4j.studio.internal.store;

import io.adapt4j.core.internal.Disk;
import io.adapt4j.core.internal.PortableName;
import io.adapt4j.studio.internal.Refusal;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Files that a browser sends: bounded, of known kinds, under names that are safe. */
public final class Uploads {

  /** First bytes of each kind; none for text, which must have no NUL character. */
  private static final Map<String, String> KINDS =
      Map.ofEntries(
          Map.entry("jsonl", ""),
          Map.entry("ndjson", ""),
          Map.entry("json", ""),
          Map.entry("csv", ""),
          Map.entry("tsv", ""),
          Map.entry("txt", ""),
          Map.entry("md", ""),
          Map.entry("html", ""),
          Map.entry("pdf", "%PDF"),
          Map.entry("docx", "PK"),
          Map.entry("pptx", "PK"),
          Map.entry("xlsx", "PK"),
          Map.entry("odt", "PK"),
          Map.entry("epub", "PK"),
          Map.entry("parquet", "PAR1"),
          Map.entry("gz", "\u001f\u008b"));

  private static final int HEAD = 1 << 13;
  private static final int MOST_LETTERS = 80;

  /** Bytes of the disk that uploads leave free. */
  private static final long RESERVE = 512L << 20;

  private final Sources sources;
  private final long limit;

  public Uploads(Sources sources, long limit) {
    this.sources = sources;
    this.limit = limit;
  }

  public long limit() {
    return limit;
  }

  /** Extensions of files that are taken. */
  public static List<String> extensions() {
    return KINDS.keySet().stream().sorted().map(each -> "." + each).toList();
  }

  /**
   * Keeps a file; nothing of one that is refused.
   *
   * @param declared the size in bytes that the client declares; -1 if it does not
   */
  public Source receive(String given, long declared, InputStream content) throws IOException {
    String name = safe(given);
    String start = KINDS.get(extension(name));
    if (start == null) {
      throw new Refusal(415, "refused_kind");
    }
    String id = Workspace.newId(name);
    Path folder = sources.folder(id).resolve("file");
    Disk.createFolders(folder);
    if (declared > limit || declared > Files.getFileStore(folder).getUsableSpace() - RESERVE) {
      Workspace.delete(sources.folder(id));
      throw new Refusal(413, "refused_large");
    }
    boolean kept = false;
    try {
      byte[] head = content.readNBytes(HEAD);
      requireKind(start, head);
      Path file = folder.resolve(name);
      write(file, head, content);
      Disk.force(file);
      Disk.forceFolder(folder);
      Source source = sources.add(id, name, file);
      kept = true;
      return source;
    } finally {
      if (!kept) {
        Workspace.delete(sources.folder(id));
      }
    }
  }

  private void write(Path file, byte[] head, InputStream content) throws IOException {
    try (FileChannel out =
        FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      byte[] buffer = Arrays.copyOf(head, Math.max(head.length, 1 << 16));
      long size = 0;
      for (int read = head.length; read > 0; read = content.read(buffer)) {
        size += read;
        if (size > limit) {
          throw new Refusal(413, "refused_large");
        }
        ByteBuffer bytes = ByteBuffer.wrap(buffer, 0, read);
        while (bytes.hasRemaining()) {
          out.write(bytes);
        }
      }
    }
  }

  private static void requireKind(String start, byte[] head) {
    if (head.length == 0) {
      throw new Refusal(400, "refused_empty");
    }
    boolean fits = true;
    for (int i = 0; i < start.length(); i++) {
      fits &= i < head.length && (head[i] & 0xff) == start.charAt(i);
    }
    if (start.isEmpty() && !isWide(head)) {
      for (byte each : head) {
        fits &= each != 0;
      }
    }
    if (!fits) {
      throw new Refusal(415, "refused_content");
    }
  }

  /** Returns whether a text begins with the byte order mark of UTF-16 or UTF-32. */
  private static boolean isWide(byte[] head) {
    int first = head.length < 2 ? 0 : (head[0] & 0xff) << 8 | (head[1] & 0xff);
    return first == 0xfffe || first == 0xfeff;
  }

  /** Returns a file's name without folders and characters that a system may not allow. */
  private static String safe(String given) {
    String name = given.substring(1 + Math.max(given.lastIndexOf('/'), given.lastIndexOf('\\')));
    String plain = name.replaceAll("[^\\p{L}\\p{N}._ -]", "_").replaceAll("^[. ]+|[. ]+$", "");
    String stem = plain.substring(0, Math.max(0, plain.lastIndexOf('.')));
    if (stem.isBlank() || plain.length() - stem.length() > 10) {
      throw new Refusal(415, "refused_kind");
    }
    int end = Math.min(stem.length(), MOST_LETTERS);
    // No half of a letter outside the basic plane.
    int whole = Character.isHighSurrogate(stem.charAt(end - 1)) ? end - 1 : end;
    String cut = stem.substring(0, whole) + plain.substring(stem.length());
    return PortableName.problem(cut).isPresent() ? "_" + cut : cut;
  }

  private static String extension(String name) {
    return name.substring(name.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT);
  }
}
