export CC=gcc CXX=g++ AR=ar AS=as LD=ld NM=nm RANLIB=ranlib STRIP=strip OBJCOPY=objcopy OBJDUMP=objdump READELF=readelf
