package io.adapt4j.spark.internal.collective;

import java.nio.channels.SocketChannel;

/** How the bytes between workers travel. Who connects shows in any case that it knows the token. */
public enum Security {
  /** As they are. */
  PLAIN {
    @Override
    Wire secure(SocketChannel channel, byte[] session, boolean connects) {
      return new Wire.Plain(channel);
    }
  },

  /**
   * Encrypted and authenticated by AES-256-GCM, with a key for each connection and direction that
   * both ends derive from the token of the run, so that nobody has to hand out certificates.
   */
  ENCRYPTED {
    @Override
    Wire secure(SocketChannel channel, byte[] session, boolean connects) {
      return new EncryptedWire(channel, session, connects);
    }
  };

  /** Secures a connection. */
  abstract Wire secure(SocketChannel channel, byte[] session, boolean connects);
}
