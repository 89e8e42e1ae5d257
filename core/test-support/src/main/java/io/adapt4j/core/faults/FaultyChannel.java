package io.adapt4j.core.faults;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** A channel of a {@link FaultyDisk}. A map is one of the real file, and only for reading. */
final class FaultyChannel extends FileChannel {

  private final FaultyDisk disk;
  private final Path file;
  private final FileChannel real;
  private final DurableTree.@Nullable Handle handle;
  private final boolean appends;

  FaultyChannel(
      FaultyDisk disk,
      Path file,
      FileChannel real,
      DurableTree.@Nullable Handle handle,
      boolean appends) {
    this.disk = disk;
    this.file = file;
    this.real = real;
    this.handle = handle;
    this.appends = appends;
  }

  private void enter(DiskCall call) throws IOException {
    try {
      disk.enter(call, file);
    } catch (ClosedByInterruptException e) {
      close();
      throw e;
    }
  }

  @Override
  public int read(ByteBuffer to) throws IOException {
    enter(DiskCall.READ);
    return real.read(to);
  }

  @Override
  public long read(ByteBuffer[] to, int offset, int length) throws IOException {
    enter(DiskCall.READ);
    return real.read(to, offset, length);
  }

  @Override
  public int read(ByteBuffer to, long position) throws IOException {
    enter(DiskCall.READ);
    return real.read(to, position);
  }

  @Override
  public int write(ByteBuffer from) throws IOException {
    long at = appends ? real.size() : real.position();
    return write(from, at, true);
  }

  @Override
  public int write(ByteBuffer from, long position) throws IOException {
    return write(from, position, false);
  }

  @Override
  public long write(ByteBuffer[] from, int offset, int length) throws IOException {
    for (int i = offset; i < offset + length; i++) {
      if (from[i].hasRemaining()) {
        return write(from[i]);
      }
    }
    return 0;
  }

  private int write(ByteBuffer from, long position, boolean moves) throws IOException {
    int bytes = from.remaining();
    int part;
    try {
      part = disk.enterWrite(file, bytes);
    } catch (ClosedByInterruptException e) {
      close();
      throw e;
    }
    byte[] content = new byte[part];
    from.get(content);
    ByteBuffer copy = ByteBuffer.wrap(content);
    while (copy.hasRemaining()) {
      if (moves) {
        real.write(copy);
      } else {
        real.write(copy, position + copy.position());
      }
    }
    if (handle != null) {
      handle.write(position, content);
    }
    if (part < bytes) {
      disk.afterPart(file);
    }
    return part;
  }

  @Override
  public long position() throws IOException {
    return real.position();
  }

  @Override
  public FileChannel position(long position) throws IOException {
    real.position(position);
    return this;
  }

  @Override
  public long size() throws IOException {
    return real.size();
  }

  @Override
  public FileChannel truncate(long size) throws IOException {
    enter(DiskCall.TRUNCATE);
    real.truncate(size);
    if (handle != null) {
      handle.truncate(size);
    }
    return this;
  }

  /** Tells the model only: the real disk is not what is tested. */
  @Override
  public void force(boolean metadata) throws IOException {
    enter(DiskCall.FORCE);
    if (handle != null) {
      handle.force();
    } else {
      disk.tree().forceFolder(file);
    }
  }

  @Override
  public long transferTo(long position, long count, WritableByteChannel target) throws IOException {
    enter(DiskCall.READ);
    return real.transferTo(position, count, target);
  }

  @Override
  public long transferFrom(ReadableByteChannel source, long position, long count)
      throws IOException {
    ByteBuffer block = ByteBuffer.allocate((int) Math.min(count, 8192));
    int read = source.read(block);
    block.flip();
    for (long at = position; block.hasRemaining(); ) {
      at += write(block, at);
    }
    return Math.max(0, read);
  }

  @Override
  public MappedByteBuffer map(MapMode mode, long position, long size) throws IOException {
    if (mode != MapMode.READ_ONLY) {
      throw new UnsupportedOperationException("a map to write to would not be seen");
    }
    enter(DiskCall.READ);
    return real.map(mode, position, size);
  }

  @Override
  public @Nullable FileLock lock(long position, long size, boolean shared) throws IOException {
    return real.lock(position, size, shared);
  }

  @Override
  public @Nullable FileLock tryLock(long position, long size, boolean shared) throws IOException {
    return real.tryLock(position, size, shared);
  }

  @Override
  protected void implCloseChannel() throws IOException {
    real.close();
  }
}
