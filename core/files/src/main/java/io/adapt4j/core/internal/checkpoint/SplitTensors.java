package io.adapt4j.core.internal.checkpoint;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * View of a file that splits {@link ExpertStacks} into the matrices of the experts. Stacks in
 * {@link MxFourBit} appear as in an unquantized checkpoint, in bfloat16 [in, out].
 */
public final class SplitTensors implements TensorFile {

  private static final String BLOCKS = ".blocks";
  private static final String SCALES = ".scales";
  private static final String WEIGHT = ".weight";

  private final TensorFile file;
  private final Map<String, Piece> pieces;
  private final Map<String, TensorEntry> entries;
  private @Nullable Decoded last;

  /** The most recently decoded MXFP4 weight. */
  private record Decoded(String name, ByteBuffer bytes) {}

  private record Piece(String stored, long offset) {}

  private SplitTensors(
      TensorFile file, Map<String, Piece> pieces, Map<String, TensorEntry> entries) {
    this.file = file;
    this.pieces = pieces;
    this.entries = Collections.unmodifiableMap(entries);
  }

  /** Creates the view; returns the file itself if it has no stacks. */
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
    if (entries.keySet().equals(file.entries().keySet())) {
      return file;
    }
    Map<String, TensorEntry> shown = new LinkedHashMap<>();
    entries.values().forEach(entry -> shown(entry, entries, shown));
    return new SplitTensors(file, pieces, shown);
  }

  private static void shown(
      TensorEntry entry, Map<String, TensorEntry> all, Map<String, TensorEntry> shown) {
    String name = entry.name();
    if (name.endsWith(BLOCKS) && all.containsKey(scalesOf(name)) && isWhole(entry)) {
      String weight = name.substring(0, name.length() - BLOCKS.length()) + WEIGHT;
      long out = entry.shape().get(0);
      long in = entry.shape().get(1) * MxFourBit.BLOCK;
      shown.put(
          weight,
          new TensorEntry(
              weight,
              StoredType.BF16,
              List.of(in, out),
              entry.file(),
              entry.offset(),
              in * out * StoredType.BF16.bytes()));
    } else if (!name.endsWith(SCALES) || !all.containsKey(blocksOf(name))) {
      shown.put(name, entry);
    }
  }

  private static boolean isWhole(TensorEntry blocks) {
    return blocks.type() == StoredType.U8
        && blocks.shape().size() == 3
        && blocks.shape().get(2) == MxFourBit.BLOCK_BYTES;
  }

  private static String scalesOf(String blocks) {
    return blocks.substring(0, blocks.length() - BLOCKS.length()) + SCALES;
  }

  private static String blocksOf(String scales) {
    return scales.substring(0, scales.length() - SCALES.length()) + BLOCKS;
  }

  /** Returns whether a weight is stored in MXFP4. */
  public boolean isFourBit(String name) {
    return name.endsWith(WEIGHT) && !pieces.containsKey(name) && entries.containsKey(name);
  }

  /** Reads an MXFP4 weight without decoding it. */
  public void readFourBit(String name, ByteBuffer blocks, ByteBuffer scales) {
    String path = name.substring(0, name.length() - WEIGHT.length());
    readPiece(path + BLOCKS, 0, blocks);
    readPiece(path + SCALES, 0, scales);
  }

  private synchronized ByteBuffer decoded(String name) {
    Decoded found = last;
    if (found == null || !found.name().equals(name)) {
      int in = Math.toIntExact(entry(name).shape().get(0));
      int out = Math.toIntExact(entry(name).shape().get(1));
      ByteBuffer blocks = ByteBuffer.allocate(in / 2 * out);
      ByteBuffer scales = ByteBuffer.allocate(in / MxFourBit.BLOCK * out);
      readFourBit(name, blocks, scales);
      found = new Decoded(name, MxFourBit.turned(blocks, scales, out, in));
      last = found;
    }
    return found.bytes();
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
    if (isFourBit(name)) {
      return decoded(name)
          .slice(Math.toIntExact(offset), length)
          .asReadOnlyBuffer()
          .order(ByteOrder.LITTLE_ENDIAN);
    }
    Piece piece = pieces.get(name);
    return file.bytes(piece.stored(), piece.offset() + offset, length);
  }

  @Override
  public void read(String name, long offset, ByteBuffer target) {
    requireInside(name, offset, target.remaining());
    if (isFourBit(name)) {
      target.put(decoded(name).slice(Math.toIntExact(offset), target.remaining()));
    } else {
      readPiece(name, offset, target);
    }
  }

  private void readPiece(String name, long offset, ByteBuffer target) {
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
    return isFourBit(name) ? "MXFP4" : file.storedType(pieces.get(name).stored());
  }

  @Override
  public long storedBytes(String name) {
    long elements = entry(name).elements();
    return isFourBit(name) ? elements / 2 + elements / MxFourBit.BLOCK : entry(name).length();
  }

  @Override
  public void close() {
    file.close();
  }
}
