package io.adapt4j.gguf.internal.load;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Replacements of characters as SentencePiece compiles them: a double array whose leaves say where
 * in the texts behind it a replacement begins. Every node has 256 places of its own, so that no
 * search for free ones is needed.
 */
public final class CompiledCharacters {

  private static final int BLOCK = 256;
  private static final int VALUE = 1 << 31;
  private static final int HAS_VALUE = 1 << 8;
  private static final int OFFSET = 10;

  private final List<int[]> blocks = new ArrayList<>();
  private final ByteArrayOutputStream texts = new ByteArrayOutputStream();

  private CompiledCharacters() {}

  /** {@return the bytes for these replacements} */
  public static byte[] of(Map<String, String> replacements) {
    CompiledCharacters compiled = new CompiledCharacters();
    compiled.blocks.add(new int[BLOCK]);
    Node root = new Node();
    replacements.forEach((from, to) -> root.at(from).text = to);
    compiled.place(root, 0, 0);
    ByteBuffer bytes =
        ByteBuffer.allocate(4 + compiled.blocks.size() * BLOCK * 4 + compiled.texts.size())
            .order(ByteOrder.LITTLE_ENDIAN);
    bytes.putInt(compiled.blocks.size() * BLOCK * 4);
    compiled.blocks.forEach(
        block -> {
          for (int unit : block) {
            bytes.putInt(unit);
          }
        });
    return bytes.put(compiled.texts.toByteArray()).array();
  }

  private void place(Node node, int index, int label) {
    int base = blocks.size() * BLOCK;
    blocks.add(new int[BLOCK]);
    int unit = label | ((index ^ base) << OFFSET);
    if (node.text != null) {
      unit |= HAS_VALUE;
      set(base, VALUE | texts.size());
      texts.writeBytes(node.text.getBytes(StandardCharsets.UTF_8));
      texts.write(0);
    }
    set(index, unit);
    node.next.forEach((next, child) -> place(child, base ^ next, next));
  }

  private void set(int index, int unit) {
    blocks.get(index / BLOCK)[index % BLOCK] = unit;
  }

  private static final class Node {

    private final Map<Integer, Node> next = new LinkedHashMap<>();
    private @Nullable String text;

    Node at(String path) {
      Node node = this;
      for (byte letter : path.getBytes(StandardCharsets.UTF_8)) {
        node = node.next.computeIfAbsent(Byte.toUnsignedInt(letter), key -> new Node());
      }
      return node;
    }
  }
}
