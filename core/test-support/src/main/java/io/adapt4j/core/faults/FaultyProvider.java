package io.adapt4j.core.faults;

import static io.adapt4j.core.faults.FaultyFileSystem.real;

import java.io.IOException;
import java.net.URI;
import java.nio.channels.FileChannel;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.AccessMode;
import java.nio.file.CopyOption;
import java.nio.file.DirectoryStream;
import java.nio.file.FileStore;
import java.nio.file.FileSystem;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.FileAttributeView;
import java.nio.file.spi.FileSystemProvider;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Passes calls to the real file system unless the {@link FaultyDisk} lets them fail. */
final class FaultyProvider extends FileSystemProvider {

  private final FaultyDisk disk;
  private final FaultyFileSystem fileSystem;
  private final FileSystemProvider provider;

  FaultyProvider(FaultyDisk disk, FaultyFileSystem fileSystem, FileSystemProvider provider) {
    this.disk = disk;
    this.fileSystem = fileSystem;
    this.provider = provider;
  }

  @Override
  public String getScheme() {
    return "faulty";
  }

  @Override
  public FileSystem newFileSystem(URI uri, Map<String, ?> environment) {
    throw new UnsupportedOperationException();
  }

  @Override
  public FileSystem getFileSystem(URI uri) {
    return fileSystem;
  }

  @Override
  public Path getPath(URI uri) {
    return fileSystem.wrap(Path.of(uri));
  }

  @Override
  public SeekableByteChannel newByteChannel(
      Path path, Set<? extends OpenOption> options, FileAttribute<?>... attributes)
      throws IOException {
    return newFileChannel(path, options, attributes);
  }

  @Override
  public FileChannel newFileChannel(
      Path path, Set<? extends OpenOption> options, FileAttribute<?>... attributes)
      throws IOException {
    Path file = real(path);
    if (options.contains(StandardOpenOption.DELETE_ON_CLOSE)) {
      throw new UnsupportedOperationException("DELETE_ON_CLOSE");
    }
    boolean isThere = Files.exists(file);
    boolean writes =
        options.contains(StandardOpenOption.WRITE) || options.contains(StandardOpenOption.APPEND);
    boolean creates =
        writes
            && !isThere
            && (options.contains(StandardOpenOption.CREATE)
                || options.contains(StandardOpenOption.CREATE_NEW));
    disk.enter(creates ? DiskCall.CREATE : DiskCall.OPEN, file);
    FileChannel channel = provider.newFileChannel(file, options, attributes);
    DurableTree.Handle handle = handle(file, creates);
    if (handle != null && writes && options.contains(StandardOpenOption.TRUNCATE_EXISTING)) {
      handle.truncate(0);
    }
    return new FaultyChannel(
        disk, file, channel, handle, options.contains(StandardOpenOption.APPEND));
  }

  private DurableTree.@Nullable Handle handle(Path file, boolean creates) {
    if (creates) {
      return disk.tree().create(file);
    }
    return Files.isRegularFile(file) && disk.tree().isInside(file) ? disk.tree().open(file) : null;
  }

  /** In the order of names, so that the calls of two runs are the same. */
  @Override
  public DirectoryStream<Path> newDirectoryStream(
      Path folder, DirectoryStream.Filter<? super Path> filter) throws IOException {
    disk.enter(DiskCall.LIST, real(folder));
    List<Path> children = new ArrayList<>();
    try (DirectoryStream<Path> stream = provider.newDirectoryStream(real(folder), path -> true)) {
      for (Path child : stream) {
        Path wrapped = fileSystem.wrap(child);
        if (filter.accept(wrapped)) {
          children.add(wrapped);
        }
      }
    }
    Collections.sort(children);
    return new DirectoryStream<>() {
      @Override
      public Iterator<Path> iterator() {
        return children.iterator();
      }

      @Override
      public void close() {}
    };
  }

  @Override
  public void createDirectory(Path folder, FileAttribute<?>... attributes) throws IOException {
    disk.enter(DiskCall.CREATE_FOLDER, real(folder));
    provider.createDirectory(real(folder), attributes);
    disk.tree().createFolder(real(folder));
  }

  @Override
  public void createSymbolicLink(Path link, Path target, FileAttribute<?>... attributes)
      throws IOException {
    disk.enter(DiskCall.LINK, real(link));
    provider.createSymbolicLink(real(link), real(target), attributes);
    disk.tree().createSymbolicLink(real(link), real(target));
  }

  @Override
  public void createLink(Path link, Path existing) throws IOException {
    disk.enter(DiskCall.LINK, real(link));
    provider.createLink(real(link), real(existing));
    disk.tree().createLink(real(link), real(existing));
  }

  @Override
  public Path readSymbolicLink(Path link) throws IOException {
    return fileSystem.wrap(provider.readSymbolicLink(real(link)));
  }

  @Override
  public void delete(Path path) throws IOException {
    disk.enter(DiskCall.DELETE, real(path));
    provider.delete(real(path));
    disk.tree().delete(real(path));
  }

  @Override
  public void copy(Path source, Path target, CopyOption... options) throws IOException {
    throw new UnsupportedOperationException("Files.copy within the disk: write through a channel");
  }

  @Override
  public void move(Path source, Path target, CopyOption... options) throws IOException {
    disk.enter(DiskCall.MOVE, real(source));
    provider.move(real(source), real(target), options);
    disk.tree().move(real(source), real(target));
  }

  @Override
  public boolean isSameFile(Path path, Path other) throws IOException {
    return other instanceof FaultyPath && provider.isSameFile(real(path), real(other));
  }

  @Override
  public boolean isHidden(Path path) throws IOException {
    return provider.isHidden(real(path));
  }

  @Override
  public FileStore getFileStore(Path path) throws IOException {
    return provider.getFileStore(real(path));
  }

  @Override
  public void checkAccess(Path path, AccessMode... modes) throws IOException {
    disk.enter(DiskCall.STAT, real(path));
    provider.checkAccess(real(path), modes);
  }

  @Override
  public <V extends FileAttributeView> @Nullable V getFileAttributeView(
      Path path, Class<V> type, LinkOption... options) {
    return provider.getFileAttributeView(real(path), type, options);
  }

  @Override
  public <A extends BasicFileAttributes> A readAttributes(
      Path path, Class<A> type, LinkOption... options) throws IOException {
    disk.enter(DiskCall.STAT, real(path));
    return provider.readAttributes(real(path), type, options);
  }

  @Override
  public Map<String, Object> readAttributes(Path path, String names, LinkOption... options)
      throws IOException {
    disk.enter(DiskCall.STAT, real(path));
    return provider.readAttributes(real(path), names, options);
  }

  @Override
  public void setAttribute(Path path, String name, Object value, LinkOption... options)
      throws IOException {
    provider.setAttribute(real(path), name, value, options);
  }
}
