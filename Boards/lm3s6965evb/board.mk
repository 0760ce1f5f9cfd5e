lm3s6965evb_CPU := m3
