package io.adapt4j.core.tokenize;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.exception.CheckpointException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Base64;
import java.util.BitSet;
import java.util.Deque;

/**
 * Character replacements as compiled by SentencePiece: a double array of nodes (Aoe 1989), followed
 * by the texts that its leaves point to. The native library ends the process if nodes or leaves
 * point outside, so the structure is validated first.
 */
final class CharacterMap {

  private static final int VALUE = 1 << 31;
  private static final int HAS_LEAF = 1 << 8;

  /** The largest byte of UTF-8. */
  private static final int LAST_BYTE = 0xF4;

  private final int[] nodes;
  private final byte[] texts;

  private CharacterMap(int[] nodes, byte[] texts) {
    this.nodes = nodes;
    this.texts = texts;
  }

  /** Refuses a normalizer with replacements that crash the native library. */
  static void require(Path file, JsonNode normalizer) {
    for (JsonNode inner : normalizer.path("normalizers")) {
      require(file, inner);
    }
    if (normalizer.path("type").asText("").equals("Precompiled")
        && !isSound(normalizer.path("precompiled_charsmap").asText(""))) {
      throw CheckpointException.inField(
          file,
          "precompiled_charsmap",
          "replacements of characters as SentencePiece compiles them",
          "something else",
          "Download the file again.");
    }
  }

  private static boolean isSound(String encoded) {
    byte[] bytes;
    try {
      bytes = Base64.getDecoder().decode(encoded);
    } catch (IllegalArgumentException e) {
      return false;
    }
    if (bytes.length < Integer.BYTES) {
      return false;
    }
    ByteBuffer source = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    int size = source.getInt();
    if (size <= 0 || size > source.remaining() || size % Integer.BYTES != 0) {
      return false;
    }
    int[] nodes = new int[size / Integer.BYTES];
    source.asIntBuffer().get(nodes);
    byte[] texts = Arrays.copyOfRange(bytes, Integer.BYTES + size, bytes.length);
    return isText(texts) && new CharacterMap(nodes, texts).isClosed();
  }

  private static boolean isText(byte[] bytes) {
    try {
      StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes));
      return true;
    } catch (CharacterCodingException e) {
      return false;
    }
  }

  /** Returns whether every path of bytes stays in the array and every leaf points to a text. */
  private boolean isClosed() {
    BitSet seen = new BitSet();
    Deque<Integer> open = new ArrayDeque<>();
    if (!reach(offset(nodes[0]), seen, open)) {
      return false;
    }
    while (!open.isEmpty()) {
      int base = open.pop();
      for (int letter = 1; letter <= LAST_BYTE; letter++) {
        int at = base ^ letter;
        if (at >= nodes.length) {
          return false;
        }
        int node = nodes[at];
        if ((node & (VALUE | 0xff)) != letter) {
          continue;
        }
        int next = at ^ offset(node);
        if (!reach(next, seen, open) || ((node & HAS_LEAF) != 0 && !isLeaf(next))) {
          return false;
        }
      }
    }
    return true;
  }

  /** Records the children of a node; false if they are outside. */
  private boolean reach(int base, BitSet seen, Deque<Integer> open) {
    if (base < 0 || (base & ~0xff) >= nodes.length) {
      return false;
    }
    if (!seen.get(base)) {
      seen.set(base);
      open.push(base);
    }
    return true;
  }

  private boolean isLeaf(int at) {
    if (at >= nodes.length) {
      return false;
    }
    int text = nodes[at] & ~VALUE;
    boolean inside = text < texts.length && (texts[text] & 0xC0) != 0x80;
    return text == texts.length || inside;
  }

  /** The bits of a base that differ from the node's index. */
  private static int offset(int node) {
    return (node >>> 10) << ((node & (1 << 9)) >>> 6);
  }
}
