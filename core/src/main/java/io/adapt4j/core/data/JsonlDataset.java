package io.adapt4j.core.data;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;

/** Rows of a JSON Lines file, read on demand; in memory are only the offsets of the lines. */
final class JsonlDataset implements Dataset {

  private static final int MOST_PROBLEMS = 10;

  private final Path file;
  private final long fileSize;
  private final long[] offsets;

  private JsonlDataset(Path file, long fileSize, long[] offsets) {
    this.file = file;
    this.fileSize = fileSize;
    this.offsets = offsets;
  }

  static JsonlDataset open(Path file) {
    if (!Files.isRegularFile(file)) {
      throw new DatasetException(file + ": no such file. Check the path.");
    }
    try {
      long fileSize = Files.size(file);
      return new JsonlDataset(file, fileSize, index(file));
    } catch (IOException e) {
      throw unreadable(file, e);
    }
  }

  private static long[] index(Path file) throws IOException {
    List<String> problems = new ArrayList<>();
    long problemCount = 0;
    long[] offsets = new long[1024];
    int rows = 0;
    try (LineReader lines = new LineReader(file)) {
      while (lines.next()) {
        if (JsonlRow.isBlank(lines.line(), lines.length(), lines.offset() == 0)) {
          continue;
        }
        if (rows == offsets.length) {
          offsets = Arrays.copyOf(offsets, 2 * rows);
        }
        offsets[rows++] = lines.offset();
        try {
          check(lines);
        } catch (JsonlRow.Problem e) {
          problemCount++;
          if (problems.size() < MOST_PROBLEMS) {
            problems.add("line " + lines.number() + ": " + e.getMessage());
          }
        }
      }
    }
    if (problemCount > 0) {
      throw DatasetException.ofProblems(file, problems, problemCount);
    }
    if (rows == 0) {
      throw new DatasetException(
          file + ": expected at least one row, found an empty file. " + JsonlRow.SHAPES);
    }
    return Arrays.copyOf(offsets, rows);
  }

  private static void check(LineReader lines) throws JsonlRow.Problem {
    if (lines.tooLong()) {
      throw new JsonlRow.Problem(
          "longer than "
              + LineReader.LONGEST_LINE
              + " bytes. Write one JSON object a line, or cut the text.");
    }
    JsonlRow.parse(lines.line(), lines.length(), lines.offset() == 0);
  }

  @Override
  public String name() {
    return file.toString();
  }

  @Override
  public int size() {
    return offsets.length;
  }

  /** Opens the file for every row: no handle to close, none left open. */
  @Override
  public Example get(int row) {
    Objects.checkIndex(row, offsets.length);
    try (FileChannel channel = FileChannel.open(file)) {
      if (channel.size() != fileSize) {
        throw changed(row, "its size was " + fileSize + " bytes and is " + channel.size());
      }
      byte[] bytes = read(channel, row);
      return JsonlRow.parse(bytes, firstLine(bytes), offsets[row] == 0);
    } catch (JsonlRow.Problem e) {
      throw changed(row, e.getMessage());
    } catch (IOException e) {
      throw unreadable(file, e);
    }
  }

  @Override
  public String locate(int row) {
    Objects.checkIndex(row, offsets.length);
    try (LineReader lines = new LineReader(file)) {
      while (lines.next()) {
        if (lines.offset() == offsets[row]) {
          return file + " line " + lines.number();
        }
      }
    } catch (IOException e) {
      throw unreadable(file, e);
    }
    throw changed(row, "the line is gone");
  }

  private byte[] read(FileChannel channel, int row) throws IOException {
    long end = row + 1 < offsets.length ? offsets[row + 1] : fileSize;
    // Blank lines may follow the row; only so much of them is read.
    int length = (int) Math.min(end - offsets[row], LineReader.LONGEST_LINE + 1L);
    ByteBuffer buffer = ByteBuffer.allocate(length);
    while (buffer.hasRemaining()) {
      if (channel.read(buffer, offsets[row] + buffer.position()) < 0) {
        throw new EOFException("the file ends in row " + row);
      }
    }
    return buffer.array();
  }

  private static int firstLine(byte[] bytes) {
    int length = 0;
    while (length < bytes.length && bytes[length] != '\n') {
      length++;
    }
    return length;
  }

  private DatasetException changed(int row, String how) {
    return new DatasetException(
        file
            + ": row "
            + row
            + " changed since the file was opened: "
            + how
            + ". Open the dataset again and leave the file alone while it is in use.");
  }

  private static DatasetException unreadable(Path file, IOException e) {
    return new DatasetException(
        file + ": reading failed: " + e + ". Check that it is a readable file.", e);
  }
}
