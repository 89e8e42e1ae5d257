package io.adapt4j.core.internal.checkpoint;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A file whose {@link ExpertStacks} are shown expert by expert. */
final class SplitTensors implements TensorFile {

  private final TensorFile file;
  private final Map<String, Piece> pieces;
  private final Map<String, TensorEntry> entries;

  /** A piece of a stored tensor. */
  private record Piece(String stored, long offset) {}

  private SplitTensors(
      TensorFile file, Map<String, Piece> pieces, Map<String, TensorEntry> entries) {
    this.file = file;
    this.pieces = pieces;
    this.entries = Collections.unmodifiableMap(entries);
  }

  /** The file itself where it has no stacks. */
  static TensorFile of(TensorFile file) {
    Map<String, Piece> pieces = new LinkedHashMap<>();
    Map<String, TensorEntry> entries = new LinkedHashMap<>();
    for (TensorEntry entry : file.entries().values()) {
      List<String> names = ExpertStacks.parts(entry);
      if (names.isEmpty()) {
        entries.put(entry.name(), entry);
        pieces.put(entry.name(), new Piece(entry.name(), 0));
      }
      for (int i = 0; i < names.size(); i++) {
        String name = names.get(i);
        List<Long> shape = entry.shape().subList(1, entry.shape().size());
        long length = entry.length() / names.size();
        entries.put(
            name,
            new TensorEntry(
                name, entry.type(), shape, entry.file(), entry.offset() + i * length, length));
        pieces.put(name, new Piece(entry.name(), i * length));
      }
    }
    return entries.size() == file.entries().size() && entries.keySet().equals(file.entries().keySet())
        ? file
        : new SplitTensors(file, pieces, entries);
  }

  @Override
  public Path file() {
    return file.file();
  }

  @Override
  public Map<String, TensorEntry> entries() {
    return entries;
  }

  @Override
  public ByteBuffer bytes(String name, long offset, int length) {
    requireInside(name, offset, length);
    Piece piece = pieces.get(name);
    return file.bytes(piece.stored(), piece.offset() + offset, length);
  }

  @Override
  public void read(String name, long offset, ByteBuffer target) {
    requireInside(name, offset, target.remaining());
    Piece piece = pieces.get(name);
    file.read(piece.stored(), piece.offset() + offset, target);
  }

  private void requireInside(String name, long offset, long length) {
    long whole = entry(name).length();
    if (offset < 0 || length > whole - offset) {
      throw new IndexOutOfBoundsException(
          "bytes " + offset + " to " + (offset + length) + " do not lie inside tensor " + name);
    }
  }

  @Override
  public String storedType(String name) {
    return file.storedType(pieces.get(name).stored());
  }

  @Override
  public void close() {
    file.close();
  }
}
