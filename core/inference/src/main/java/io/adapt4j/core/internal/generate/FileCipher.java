package io.adapt4j.core.internal.generate;

import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.AtomicFiles;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Arrays;
import javax.crypto.Cipher;
import javax.crypto.Mac;
import javax.crypto.spec.IvParameterSpec;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * Encryption of files: AES-256 in counter mode, then HMAC-SHA-256 over all bytes before it. A file
 * is a mark of eight bytes, a random salt of 32, the ciphertext, and the code of 32. The two keys
 * of a file derive from the user's and the salt by HKDF (RFC 5869).
 */
public final class FileCipher {

  /** Length of a key in bytes. */
  public static final int KEY = 32;

  private static final byte[] MARK = "A4JCRYPT".getBytes(StandardCharsets.US_ASCII);
  private static final int SALT = 32;
  private static final int START = MARK.length + SALT;
  private static final int CODE = 32;
  private static final int CHUNK = 1 << 16;
  private static final String HMAC = "HmacSHA256";

  private final byte[] key;

  /** Creates the encryption with a key of {@value #KEY} bytes. */
  public FileCipher(byte[] key) {
    if (key.length != KEY) {
      throw new IllegalArgumentException(
          "key: expected %d bytes, found %d".formatted(KEY, key.length));
    }
    this.key = key.clone();
  }

  /** Remaining bytes of a file's contents. */
  interface Source extends ReadableByteChannel {

    long left() throws IOException;
  }

  private static Mac hmac(byte[] with) {
    try {
      Mac mac = Mac.getInstance(HMAC);
      mac.init(new SecretKeySpec(with, HMAC));
      return mac;
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Returns a key derived for one purpose (RFC 5869, one block of output). */
  private byte[] derived(byte[] salt, String purpose) {
    Mac expand = hmac(hmac(salt).doFinal(key));
    expand.update(purpose.getBytes(StandardCharsets.US_ASCII));
    return expand.doFinal(new byte[] {1});
  }

  private Cipher cipher(int mode, byte[] salt) {
    try {
      Cipher cipher = Cipher.getInstance("AES/CTR/NoPadding");
      // Each file has its own key, so the counter may begin at zero.
      cipher.init(
          mode,
          new SecretKeySpec(derived(salt, "encryption"), "AES"),
          new IvParameterSpec(new byte[cipher.getBlockSize()]));
      return cipher;
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  private Mac code(byte[] salt) {
    return hmac(derived(salt, "authentication"));
  }

  /** Returns the channel of the contents of a new file; closing it completes the file. */
  WritableByteChannel encrypt(FileChannel file) throws IOException {
    byte[] salt = new byte[SALT];
    new SecureRandom().nextBytes(salt);
    Writer writer = new Writer(file, cipher(Cipher.ENCRYPT_MODE, salt), code(salt));
    writer.put(ByteBuffer.wrap(MARK));
    writer.put(ByteBuffer.wrap(salt));
    return writer;
  }

  /** Writes a file of these contents, atomically and durably. */
  public void write(Path file, byte[] contents) throws IOException {
    AtomicFiles.write(
        file,
        channel -> {
          try (WritableByteChannel encrypted = encrypt(channel)) {
            encrypted.write(ByteBuffer.wrap(contents));
          }
        });
  }

  /** Refuses an encrypted file. */
  public static void requirePlain(Path file) throws IOException {
    open(file, null, false).close();
  }

  /** Reads the contents of a file, which is refused if it has been changed. */
  public byte[] read(Path file) throws IOException {
    try (Source source = open(file, this, true)) {
      ByteBuffer contents = ByteBuffer.allocate(Math.toIntExact(source.left()));
      while (contents.hasRemaining()) {
        if (source.read(contents) < 0) {
          throw new EOFException();
        }
      }
      return contents.array();
    }
  }

  /**
   * Opens a file's contents.
   *
   * @param cipher null for a plain file; the other kind is refused
   * @param verified whether to read all of an encrypted file first, to detect a change
   */
  static Source open(Path file, @Nullable FileCipher cipher, boolean verified) throws IOException {
    FileChannel channel = FileChannel.open(file, StandardOpenOption.READ);
    try {
      byte[] start = new byte[(int) Math.min(START, channel.size())];
      fill(channel, ByteBuffer.wrap(start));
      boolean encrypted = Arrays.mismatch(start, MARK) == MARK.length;
      if (encrypted && cipher == null) {
        throw new CheckpointException(
            file
                + ": the file is encrypted. Give its key (encryptPrompts, encryptConversations,"
                + " --storage-key-file).");
      }
      if (cipher == null) {
        channel.position(0);
        return new Reader(channel, null, channel.size());
      }
      long end = channel.size() - CODE;
      if (!encrypted || end < START) {
        throw new CheckpointException(
            file + ": expected an encrypted file. Delete it, or read it without a key.");
      }
      byte[] salt = Arrays.copyOfRange(start, MARK.length, START);
      if (verified) {
        require(file, channel, end, cipher.code(salt));
        channel.position(START);
      }
      return new Reader(channel, cipher.cipher(Cipher.DECRYPT_MODE, salt), end);
    } catch (IOException | RuntimeException e) {
      channel.close();
      throw e;
    }
  }

  private static void require(Path file, FileChannel channel, long end, Mac code)
      throws IOException {
    channel.position(0);
    ByteBuffer buffer = ByteBuffer.allocate(CHUNK);
    while (channel.position() < end) {
      buffer.clear().limit((int) Math.min(CHUNK, end - channel.position()));
      fill(channel, buffer);
      code.update(buffer.flip());
    }
    byte[] found = new byte[CODE];
    fill(channel, ByteBuffer.wrap(found));
    if (!MessageDigest.isEqual(found, code.doFinal())) {
      throw new CheckpointException(
          file + ": the file is damaged, or encrypted with another key. Delete it.");
    }
  }

  private static void fill(FileChannel channel, ByteBuffer buffer) throws IOException {
    while (buffer.hasRemaining()) {
      if (channel.read(buffer) < 0) {
        throw new EOFException();
      }
    }
  }

  private static ByteBuffer applied(Cipher cipher, ByteBuffer bytes) {
    byte[] some = new byte[Math.min(CHUNK, bytes.remaining())];
    bytes.get(some);
    return ByteBuffer.wrap(cipher.update(some));
  }

  /** Encrypts what is written to a file. */
  private static final class Writer implements WritableByteChannel {

    private final FileChannel file;
    private final Cipher cipher;
    private final Mac code;
    private boolean open = true;

    Writer(FileChannel file, Cipher cipher, Mac code) {
      this.file = file;
      this.cipher = cipher;
      this.code = code;
    }

    private void put(ByteBuffer bytes) throws IOException {
      code.update(bytes.duplicate());
      while (bytes.hasRemaining()) {
        file.write(bytes);
      }
    }

    @Override
    public int write(ByteBuffer bytes) throws IOException {
      int count = bytes.remaining();
      while (bytes.hasRemaining()) {
        put(applied(cipher, bytes));
      }
      return count;
    }

    @Override
    public boolean isOpen() {
      return open;
    }

    @Override
    public void close() throws IOException {
      if (open) {
        open = false;
        ByteBuffer sum = ByteBuffer.wrap(code.doFinal());
        while (sum.hasRemaining()) {
          file.write(sum);
        }
      }
    }
  }

  /** Reads a file, decrypting if there is a cipher. */
  private static final class Reader implements Source {

    private final FileChannel file;
    private final @Nullable Cipher cipher;
    private final long end;

    Reader(FileChannel file, @Nullable Cipher cipher, long end) {
      this.file = file;
      this.cipher = cipher;
      this.end = end;
    }

    @Override
    public long left() throws IOException {
      return end - file.position();
    }

    @Override
    public int read(ByteBuffer target) throws IOException {
      int most = (int) Math.min(Math.min(CHUNK, target.remaining()), left());
      if (most <= 0) {
        return target.hasRemaining() ? -1 : 0;
      }
      ByteBuffer some = ByteBuffer.allocate(most);
      int count = file.read(some);
      if (count > 0) {
        target.put(cipher == null ? some.flip() : applied(cipher, some.flip()));
      }
      return count;
    }

    @Override
    public boolean isOpen() {
      return file.isOpen();
    }

    @Override
    public void close() throws IOException {
      file.close();
    }
  }
}
