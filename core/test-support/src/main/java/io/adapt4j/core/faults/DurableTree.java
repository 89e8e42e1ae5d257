package io.adapt4j.core.faults;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Model of a folder on a disk: its forced state, and the calls since. Only forcing a file makes its
 * content safe, and only forcing a folder makes its names safe. A move is there as a whole or not
 * at all.
 */
final class DurableTree {

  /** Fate of writes that were not forced. */
  enum Unforced {
    LOST,
    KEPT,
    /** Some of it is kept, in any order; of a write perhaps a part. */
    SOME
  }

  private sealed interface Node permits FileNode, FolderNode, LinkNode {}

  private record LinkNode(Path target) implements Node {}

  /** A write of bytes, or a truncation where there are none. */
  private record Change(long offset, @Nullable ByteBuffer bytes) {}

  private static final class FileNode implements Node {
    private byte[] durable = new byte[0];
    private final List<Change> changes = new ArrayList<>();
  }

  /** A name's new meaning; null where it is gone. */
  private record Naming(long step, String name, @Nullable Node node) {}

  private static final class FolderNode implements Node {
    private final Map<String, Node> durable = new TreeMap<>();
    private final Map<String, Node> names = new TreeMap<>();
    private final List<Naming> changes = new ArrayList<>();

    void name(long step, String name, @Nullable Node node) {
      changes.add(new Naming(step, name, node));
      apply(names, name, node);
    }
  }

  private final Path folder;
  private final FolderNode root;
  private long steps;

  DurableTree(Path folder) throws IOException {
    this.folder = folder;
    this.root = (FolderNode) scan(folder);
  }

  Path folder() {
    return folder;
  }

  private static void apply(Map<String, Node> names, String name, @Nullable Node node) {
    if (node == null) {
      names.remove(name);
    } else {
      names.put(name, node);
    }
  }

  private static Node scan(Path path) throws IOException {
    if (Files.isSymbolicLink(path)) {
      return new LinkNode(Files.readSymbolicLink(path));
    }
    if (Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS)) {
      FolderNode node = new FolderNode();
      try (Stream<Path> children = Files.list(path)) {
        for (Path child : children.toList()) {
          node.names.put(child.getFileName().toString(), scan(child));
        }
      }
      node.durable.putAll(node.names);
      return node;
    }
    FileNode node = new FileNode();
    node.durable = Files.readAllBytes(path);
    return node;
  }

  private @Nullable Node find(Path path) {
    Path relative = folder.relativize(path.toAbsolutePath().normalize());
    Node node = root;
    Path at = folder;
    for (Path name : relative) {
      if (name.toString().isEmpty()) {
        continue;
      }
      if (!(node instanceof FolderNode parent)) {
        return null;
      }
      node = parent.names.get(name.toString());
      if (node instanceof LinkNode link) {
        node = find(at.resolve(link.target()));
      }
      at = at.resolve(name);
    }
    return node;
  }

  private FolderNode parent(Path path) {
    if (find(path.toAbsolutePath().normalize().getParent()) instanceof FolderNode parent) {
      return parent;
    }
    throw new AssertionError("no folder for " + path);
  }

  private FileNode file(Path path) {
    if (find(path) instanceof FileNode file) {
      return file;
    }
    throw new AssertionError("no file " + path);
  }

  private static String name(Path path) {
    return path.getFileName().toString();
  }

  /** A handle on an open file, which stays with it when it gets another name. */
  final class Handle {
    private final FileNode file;

    private Handle(FileNode file) {
      this.file = file;
    }

    void write(long offset, byte[] bytes) {
      synchronized (DurableTree.this) {
        file.changes.add(new Change(offset, ByteBuffer.wrap(bytes)));
      }
    }

    void truncate(long size) {
      synchronized (DurableTree.this) {
        file.changes.add(new Change(size, null));
      }
    }

    void force() {
      synchronized (DurableTree.this) {
        file.durable = content(file, Unforced.KEPT, new Random(0));
        file.changes.clear();
      }
    }
  }

  synchronized Handle create(Path path) {
    FileNode node = new FileNode();
    parent(path).name(steps++, name(path), node);
    return new Handle(node);
  }

  synchronized Handle open(Path path) {
    return new Handle(file(path));
  }

  synchronized boolean isInside(Path path) {
    return path.toAbsolutePath().normalize().startsWith(folder);
  }

  synchronized void createFolder(Path path) {
    parent(path).name(steps++, name(path), new FolderNode());
  }

  synchronized void createSymbolicLink(Path path, Path target) {
    parent(path).name(steps++, name(path), new LinkNode(target));
  }

  synchronized void createLink(Path path, Path existing) {
    parent(path).name(steps++, name(path), file(existing));
  }

  synchronized void delete(Path path) {
    parent(path).name(steps++, name(path), null);
  }

  synchronized void move(Path from, Path to) {
    long step = steps++;
    Node node = parent(from).names.get(name(from));
    if (node == parent(to).names.get(name(to))) {
      // POSIX does nothing where both are names of one file.
      return;
    }
    parent(from).name(step, name(from), null);
    parent(to).name(step, name(to), node);
  }

  synchronized void forceFolder(Path path) {
    if (find(path) instanceof FolderNode node) {
      node.durable.clear();
      node.durable.putAll(node.names);
      node.changes.clear();
    }
  }

  /**
   * Writes the files that survive a power cut.
   *
   * @param target a folder that is not there yet
   * @param seed decides what is kept
   */
  synchronized void writeRemains(Path target, Unforced unforced, long seed) throws IOException {
    Random random = new Random(seed);
    Map<Long, Boolean> decisions = new HashMap<>();
    write(target, root, unforced, random, decisions);
  }

  private static void write(
      Path target, Node node, Unforced unforced, Random random, Map<Long, Boolean> decisions)
      throws IOException {
    if (node instanceof LinkNode link) {
      Files.createSymbolicLink(target, link.target());
    } else if (node instanceof FileNode file) {
      Files.write(target, content(file, unforced, random));
    } else if (node instanceof FolderNode inner) {
      Files.createDirectory(target);
      Map<String, Node> names = new TreeMap<>(inner.durable);
      for (Naming change : inner.changes) {
        if (decisions.computeIfAbsent(change.step(), step -> keeps(unforced, random))) {
          apply(names, change.name(), change.node());
        }
      }
      for (Map.Entry<String, Node> child : names.entrySet()) {
        write(target.resolve(child.getKey()), child.getValue(), unforced, random, decisions);
      }
    }
  }

  private static boolean keeps(Unforced unforced, Random random) {
    return unforced == Unforced.KEPT || (unforced == Unforced.SOME && random.nextBoolean());
  }

  private static byte[] content(FileNode file, Unforced unforced, Random random) {
    byte[] content = file.durable.clone();
    for (Change change : file.changes) {
      if (!keeps(unforced, random)) {
        continue;
      }
      if (change.bytes() == null) {
        content = resized(content, Math.min(content.length, (int) change.offset()));
        continue;
      }
      int length = change.bytes().remaining();
      if (unforced == Unforced.SOME && random.nextInt(3) == 0) {
        length = random.nextInt(length + 1);
      }
      int offset = (int) change.offset();
      content = resized(content, Math.max(content.length, offset + length));
      change.bytes().get(0, content, offset, length);
    }
    return content;
  }

  private static byte[] resized(byte[] content, int size) {
    byte[] other = new byte[size];
    System.arraycopy(content, 0, other, 0, Math.min(size, content.length));
    return other;
  }
}
